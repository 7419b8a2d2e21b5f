import { lookup as resolve } from 'node:dns'
import { BlockList, isIP, isIPv4, type LookupFunction } from 'node:net'

const inside = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const) {
  inside.addSubnet(network, prefix, 'ipv4')
}
for (const [network, prefix] of [
  ['::', 127],
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  inside.addSubnet(network, prefix, 'ipv6')
}

/** Whether an address is this machine's, its network's or nobody's: not one that a webhook has business with. */
export function isPrivateAddress(address: string): boolean {
  if (isIPv4(address)) return inside.check(address, 'ipv4')
  // An IPv4 address in IPv6 clothes is checked as what it is.
  return inside.check(address, 'ipv6')
}

/** Why the host of an address cannot be asked, where it is an address itself; undefined for names, which `guardedLookup` checks. */
export function validateHost(hostname: string): string | undefined {
  const address = hostname.replace(/^\[|\]$/g, '')
  return isIP(address) !== 0 && isPrivateAddress(address) ? 'it is a private, loopback or link-local address' : undefined
}

/**
 * Looks a name up and refuses addresses inside. The connection goes to the very address that was checked: a name that answers
 * differently the second time gains nothing.
 */
export const guardedLookup: LookupFunction = (hostname, options, callback) => {
  resolve(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, '', 4)
    if (addresses.some(({ address }) => isPrivateAddress(address))) {
      return callback(
        Object.assign(new Error('its name leads to a private, loopback or link-local address'), { code: 'EINSIDE' }),
        '',
        4,
      )
    }
    const [first] = addresses
    if (options.all) return callback(null, addresses)
    return callback(null, first?.address ?? '', first?.family ?? 4)
  })
}
