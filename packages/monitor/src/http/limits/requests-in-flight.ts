import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Context, MiddlewareHandler } from 'hono'
import { matchedRoutes } from 'hono/route'
import type { Access } from '../access.ts'
import { fixedLimits, type RequestLimits } from './request-limits.ts'

/** The paths of probes, as routes have them. */
const probePath = /^\/(livez|readyz|health)(\/|$)/
/** It stays open, and has a limit of its own. */
const streamPath = '/api/v1/events/stream'

/**
 * The requests that are answered at this moment: so many of each endpoint, and so many of all. Probes are counted apart, so that nothing
 * else can take their places. On a Node server, a request is answered when its client has the answer.
 */
export class RequestsInFlight {
  readonly limits: RequestLimits
  readonly #counts = new Map<string, number>()
  #count = 0

  constructor(limits: RequestLimits) {
    this.limits = limits
  }

  /** Rejects a request if too many are answered, with 503 and `Retry-After`. */
  readonly limit: MiddlewareHandler<Access> = async (context, next) => {
    const endpoint = findEndpoint(context)
    if (endpoint === streamPath) return next()
    const isProbe = probePath.test(endpoint)
    const problem = this.#problem(isProbe ? 'probes' : endpoint, isProbe)
    if (problem !== undefined) {
      this.limits.recordRefusal('busy', `a request was answered with 503: ${problem}`)
      return context.json({ error: `${problem}: try again` }, 503, { 'retry-after': '1' })
    }
    const release = this.#enter(isProbe ? 'probes' : endpoint, isProbe)
    const isSentLater = onSent(context, release)
    try {
      await next()
    } finally {
      if (!isSentLater) release()
    }
  }

  #problem(endpoint: string, isProbe: boolean): string | undefined {
    const { maxRequests } = this.limits
    const maxOfEndpoint = isProbe ? fixedLimits.probes : Math.ceil(maxRequests / 4)
    if ((this.#counts.get(endpoint) ?? 0) >= maxOfEndpoint) return `${maxOfEndpoint} requests of ${endpoint} are answered already`
    if (!isProbe && this.#count >= maxRequests) return `${maxRequests} requests are answered already`
    return undefined
  }

  #enter(endpoint: string, isProbe: boolean): () => void {
    this.#counts.set(endpoint, (this.#counts.get(endpoint) ?? 0) + 1)
    if (!isProbe) this.#count++
    let isIn = true
    return () => {
      if (!isIn) return
      isIn = false
      this.#counts.set(endpoint, (this.#counts.get(endpoint) ?? 1) - 1)
      if (!isProbe) this.#count--
    }
  }
}

/** Returns the path of the route of a request: not that of middleware. */
function findEndpoint(context: Context<Access>): string {
  return matchedRoutes(context).findLast(({ path }) => !path.endsWith('*'))?.path ?? 'others'
}

/** Calls back when the answer to a request is sent, or its connection has ended. Returns false if that is not known, as of a fetch handler. */
function onSent(context: Context<Access>, callback: () => void): boolean {
  const { outgoing, incoming } = (context.env ?? {}) as { outgoing?: ServerResponse; incoming?: IncomingMessage }
  if (outgoing === undefined || incoming === undefined) return false
  const { socket } = incoming
  const end = (): void => {
    outgoing.off('close', end)
    // An answer behind another one on its connection has no `close`.
    socket.off('close', end)
    callback()
  }
  outgoing.once('close', end)
  socket.once('close', end)
  return true
}
