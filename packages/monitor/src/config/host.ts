/** Returns whether other machines can reach a server that listens on this address. */
export function isRemote(host: unknown): boolean {
  return !(host === 'localhost' || host === '::1' || (typeof host === 'string' && /^127(\.\d{1,3}){3}$/.test(host)))
}
