import type { Context, MiddlewareHandler } from 'hono'
import { bearerAuth } from 'hono/bearer-auth'
import { isRemote } from '../config/host.ts'

/** What a Node server knows of a request. A fetch handler knows nothing of it. */
export interface IncomingRequest {
  readonly socket: { readonly remoteAddress?: string | undefined }
  /** The path and the query, without what Express has cut off. */
  readonly url?: string | undefined
  /** The path and the query that the client requested, if a framework has cut off something. */
  readonly originalUrl?: string
}

/** The context of routes behind `canSeeDetails`. */
export interface Access {
  Bindings: { readonly incoming?: IncomingRequest }
  Variables: { readonly seesDetails: boolean }
}

/**
 * Lets every request pass, and decides whether its client may see more than a status. Details require the token. If none is
 * configured, only requests from this machine get them. A wrong token is a 401 and not a status: the client expects details.
 */
export function canSeeDetails(authToken: string | undefined): MiddlewareHandler<Access> {
  if (authToken === undefined) {
    return async (context, next) => {
      context.set('seesDetails', isFromThisMachine(context))
      await next()
    }
  }
  const requireToken = bearerAuth<Access>({ token: authToken })
  return (context, next) => {
    const hasAuthorization = context.req.header('authorization') !== undefined
    context.set('seesDetails', hasAuthorization)
    return hasAuthorization ? requireToken(context, next) : next()
  }
}

/** A name may end in a dot: that of the root domain. */
const loopbackHost = /^(localhost\.?|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i

/** Returns whether a Host header is a loopback address or `localhost`. */
export function isLoopbackName(host: string | undefined): boolean {
  return host !== undefined && loopbackHost.test(host)
}

/** Headers that proxies add to the requests of others. */
const proxyHeaders = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'via']

/**
 * Returns whether this machine sent the request for itself: from loopback, not through a proxy, and to a loopback name, which a
 * foreign web page cannot use. Returns false if the connection is not known, as behind a plain fetch handler.
 */
export function isFromThisMachine(context: Context<Access>): boolean {
  // Without bindings, `env` is undefined, although its type does not allow it.
  const address = context.env?.incoming?.socket.remoteAddress?.replace(/^::ffff:(?=[\d.]+$)/i, '')
  return (
    address !== undefined &&
    !isRemote(address) &&
    isLoopbackName(context.req.header('host')) &&
    proxyHeaders.every((name) => context.req.header(name) === undefined)
  )
}
