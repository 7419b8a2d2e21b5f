import { type LookupAddress, lookup } from 'node:dns'
import { createRequire } from 'node:module'
import { isIP, isIPv6, type LookupFunction, type Socket } from 'node:net'

/** Returns a URL; null if the text is not an http or https URL. */
export function parseHttpUrl(text: string): URL | null {
  const url = URL.parse(text)
  return url !== null && /^https?:$/.test(url.protocol) ? url : null
}

/** Code of the error of a connection that would lead to a private address. */
export const privateAddressCode = 'EPRIVATE'

/** Azure's platform answers there, with credentials of the machine: the address is public, and leads nowhere but to the host. */
const hostAddresses: ReadonlySet<string> = new Set(['168.63.129.16'])

/** Returns whether an IP address is not one of a host on the public internet: private, loopback, link-local, multicast or reserved. */
function isPrivateAddress(address: string): boolean {
  // Loaded with the first notification.
  const addresses: typeof import('ipaddr.js') = createRequire(import.meta.url)('ipaddr.js')
  // The library takes ::8.8.8.8 for an IPv4 address; its parts in hexadecimal it does not. A zone has only a local address.
  const text = isIPv6(address) ? withoutBrackets(URL.parse(`http://[${address}]`)?.hostname ?? '') : address
  if (!addresses.isValid(text)) return true
  // An IPv4-mapped IPv6 address (::ffff:10.0.0.1) is the IPv4 address in it.
  const parsed = addresses.process(text)
  if (parsed.range() !== 'unicast' || hostAddresses.has(parsed.toString())) return true
  // IANA has assigned no other part of IPv6 to the internet: not ::/96 either, whose addresses contain an IPv4 address.
  return parsed instanceof addresses.IPv6 && !parsed.match(addresses.IPv6.parse('2000::'), 3)
}

/** Returns whether the host of a URL is a private IP address. False for names: `connectPublic` checks what they resolve to. */
export function isPrivateHost(hostname: string): boolean {
  const address = withoutBrackets(hostname)
  return isIP(address) !== 0 && isPrivateAddress(address)
}

/**
 * Opens a connection to the host of a URL, past every agent and proxy: a proxy would resolve the name itself. It fails if the host has a
 * private address.
 */
export function connectPublic(url: URL): Socket {
  const host = withoutBrackets(url.hostname)
  const isEncrypted = url.protocol === 'https:'
  const options = { host, port: Number(url.port) || (isEncrypted ? 443 : 80), lookup: publicLookup }
  if (!isEncrypted) return process.getBuiltinModule('node:net').connect(options)
  const servername = isIP(host) === 0 ? host : ''
  return process.getBuiltinModule('node:tls').connect({ ...options, servername, ALPNProtocols: ['http/1.1'] })
}

/**
 * Resolves a name, and fails if it resolves to a private address. The connection uses the address that was checked, so that a
 * name that resolves differently the second time (DNS rebinding) gains nothing.
 */
const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    const problem = error ?? privateAddressError(addresses)
    if (problem !== undefined) return callback(problem, '', 4)
    const [first] = addresses
    if (options.all) return callback(null, addresses)
    return callback(null, first?.address ?? '', first?.family ?? 4)
  })
}

/** Returns the error of a name that has a private address; undefined if it has none. An address that cannot be judged is private. */
function privateAddressError(addresses: readonly LookupAddress[]): NodeJS.ErrnoException | undefined {
  try {
    if (!addresses.some(({ address }) => isPrivateAddress(address))) return undefined
    return Object.assign(new Error('the host resolves to a private address'), { code: privateAddressCode })
  } catch (error) {
    // The callback of a lookup must not throw: it would end the process.
    return new Error('the address of the host cannot be judged', { cause: error })
  }
}

function withoutBrackets(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '')
}
