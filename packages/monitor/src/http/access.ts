import type { Context } from 'hono'
import { isRemote } from '../config/host.ts'

/** What a Node server knows of a request. A fetch handler knows nothing of it. */
export interface IncomingRequest {
  readonly socket: { readonly remoteAddress?: string | undefined; destroy?(): unknown }
  /** The path and the query, without what Express has cut off. */
  readonly url?: string | undefined
  /** The path and the query that the client requested, if a framework has cut off something. */
  readonly originalUrl?: string
  /** What a parser of the application has made of the body. */
  readonly body?: unknown
  readonly readableEnded?: boolean
}

/** The context of routes that decide who may see and change what. */
export interface Access {
  Bindings: {
    readonly incoming?: IncomingRequest
    /** Whether another process has received the request: the answer is one text. */
    readonly isForwarded?: boolean
    /** Whether a server here has verified the certificate of the client. */
    readonly hasClientCertificate?: boolean
  }
  Variables: {
    readonly seesDetails: boolean
    /** What a request has changed, for the audit log: never a secret. */
    readonly change: object
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
  return address !== undefined && !isRemote(address) && isLoopbackName(context.req.header('host')) && !isThroughProxy(context)
}

/** Returns whether a proxy has passed the request on. */
export function isThroughProxy(context: Context<Access>): boolean {
  return proxyHeaders.some((name) => context.req.header(name) !== undefined)
}
