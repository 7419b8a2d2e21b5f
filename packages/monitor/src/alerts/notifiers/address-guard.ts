import { lookup } from 'node:dns'
import { BlockList, isIP, isIPv4, type LookupFunction } from 'node:net'

/** Returns a URL; null if the text is not an http or https URL. */
export function parseHttpUrl(text: string): URL | null {
  const url = URL.parse(text)
  return url !== null && /^https?:$/.test(url.protocol) ? url : null
}

/** Networks that are not on the public internet (IANA special-purpose registries), and multicast. */
const privateNetworks = new BlockList()
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
  privateNetworks.addSubnet(network, prefix, 'ipv4')
}
for (const [network, prefix] of [
  ['::', 127],
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  privateNetworks.addSubnet(network, prefix, 'ipv6')
}

/** Code of the error of `publicLookup` if a name resolves to a private address. */
export const privateAddressCode = 'EPRIVATE'

/** Returns whether an IP address is private, loopback, link-local, multicast or reserved. */
function isPrivateAddress(address: string): boolean {
  // BlockList checks IPv4-mapped IPv6 addresses (::ffff:10.0.0.1) against the IPv4 networks.
  return privateNetworks.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')
}

/** Returns whether the host of a URL is a private IP address. False for names: `publicLookup` checks what they resolve to. */
export function isPrivateHost(hostname: string): boolean {
  const address = hostname.replace(/^\[|\]$/g, '')
  return isIP(address) !== 0 && isPrivateAddress(address)
}

/**
 * Resolves a name, and fails if it resolves to a private address. The connection uses the address that was checked, so that a
 * name that resolves differently the second time (DNS rebinding) gains nothing.
 */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, '', 4)
    if (addresses.some(({ address }) => isPrivateAddress(address))) {
      return callback(Object.assign(new Error('the host resolves to a private address'), { code: privateAddressCode }), '', 4)
    }
    const [first] = addresses
    if (options.all) return callback(null, addresses)
    return callback(null, first?.address ?? '', first?.family ?? 4)
  })
}
