import type { MiddlewareHandler } from 'hono'

/** A name may end in a dot: that of the root domain. */
const loopbackHost = /^(localhost\.?|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i

/**
 * Rejects requests to names that are not loopback names. A web page can resolve a name of its own to 127.0.0.1 (DNS rebinding), but cannot
 * change the Host header that the browser then sends.
 */
export const loopbackNamesOnly: MiddlewareHandler = async (context, next) => {
  const host = context.req.header('host') ?? ''
  if (loopbackHost.test(host)) return next()
  return context.json({ error: `host ${JSON.stringify(host)} is not a loopback name: use localhost or 127.0.0.1` }, 403)
}

/**
 * Rejects requests of other web pages. The proxy replaces the origin of a request by that of the process, and may add its token: what the
 * process would check, has to be checked before.
 *
 * @param address the address of the process, for the error.
 */
export function sameOriginOnly(address: string): MiddlewareHandler {
  return async (context, next) => {
    const { method } = context.req
    const isRead = method === 'GET' || method === 'HEAD'
    const origin = context.req.header('origin')
    const site = context.req.header('sec-fetch-site')
    if (origin !== undefined && origin !== `http://${context.req.header('host')}`) {
      return context.json({ error: `a page of ${JSON.stringify(origin)} may not use this console: open the console itself` }, 403)
    }
    // `none`: the user has typed the address.
    if (site === 'same-origin' || (isRead && (site === undefined || site === 'none'))) return next()
    if (site === undefined && origin !== undefined) return next()
    if (site !== undefined)
      return context.json({ error: 'other web pages may not use this console: open the console itself' }, 403)
    return context.json({ error: `only the page of the console may send ${method}: send it to ${address} itself` }, 403)
  }
}
