import type { Context } from 'hono'
import { isRemote } from '../config/host.ts'

/** What a Node server knows of a request. A fetch handler knows nothing of it. */
export interface IncomingRequest {
  readonly socket: { readonly remoteAddress?: string | undefined; destroy?(): unknown }
  readonly httpVersion?: string | undefined
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

/** Headers that proxies add to the requests of others, and those of the services in front of them. */
const proxyHeader =
  /^(forwarded|via|x-forwarded(-.+)?|x-original-.+|x-real-ip|x-(cluster-)?client-ip|true-client-ip|cf-connecting-ip|cdn-loop|x-envoy-.+)$/

/**
 * Returns whether this machine sent the request for itself: from loopback, not through a proxy, and to a loopback name, which a
 * foreign web page cannot use. Returns false if the connection is not known, as behind a plain fetch handler.
 */
export function isFromThisMachine(context: Context<Access>): boolean {
  // Without bindings, `env` is undefined, although its type does not allow it.
  const address = context.env?.incoming?.socket.remoteAddress?.replace(/^::ffff:(?=[\d.]+$)/i, '')
  return address !== undefined && !isRemote(address) && isLoopbackName(context.req.header('host')) && !isThroughProxy(context)
}

/**
 * Returns whether a proxy has passed the request on, as far as that can be known. nginx adds no header unless it is told to, but its requests
 * are of HTTP/1.0 by default.
 */
export function isThroughProxy(context: Context<Access>): boolean {
  if (context.env?.incoming?.httpVersion === '1.0') return true
  for (const name of context.req.raw.headers.keys()) if (proxyHeader.test(name)) return true
  return false
}
