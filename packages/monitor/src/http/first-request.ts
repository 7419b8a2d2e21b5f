import { errorKind } from '@wombat/instrumentation/internal'
import type { Hono } from 'hono'
import type { Logger } from '../logger.ts'
import { errorMessage } from '../validation/error-message.ts'
import { ConnectionLimits, type NodeHandler } from './limits/connections.ts'
import { RequestLimits } from './limits/request-limits.ts'

/** What a server is for its clients. */
export interface NodeHandlerOptions {
  /** Whether only requests to loopback names are answered. */
  readonly isLoopbackOnly: boolean
  /** Whether the server is ours and terminates TLS: `mutual` if it has verified the certificate of each client. */
  readonly tls?: 'server' | 'mutual' | undefined
}

/** Returns a function that logs each kind of error of the endpoints once. */
export function routeErrorLog(logger: Logger): (error: unknown) => void {
  const logged = new Set<string>()
  return (error) => {
    // A message may contain keys, values and paths.
    const reason = errorKind(error)
    if (logged.has(reason)) return
    logged.add(reason)
    logger.error({ reason }, 'an HTTP endpoint failed and answered with 500; further failures of this kind are not logged')
  }
}

/** Creates an app. It is called at the first request. */
export type LoadApp = () => Promise<Hono>

/**
 * Answers requests with an app that is loaded at the first of them: loading Hono and the routes takes longer than the rest of the start of
 * a process, and most processes are never asked. If it cannot be loaded, requests are answered with 500 and the reason is logged once.
 */
export class FirstRequest {
  /** Limits what its clients cost. */
  readonly connections: ConnectionLimits
  readonly #load: LoadApp
  readonly #logger: Logger
  #app: Promise<Hono> | undefined
  #isReported = false
  #isServerErrorReported = false

  constructor(load: LoadApp, logger: Logger, connections = new ConnectionLimits(new RequestLimits())) {
    this.#load = load
    this.#logger = logger
    this.connections = connections
  }

  /** Answers as a fetch handler. */
  async fetch(request: Request): Promise<Response> {
    try {
      this.#app ??= this.#load()
      return await (await this.#app).fetch(request)
    } catch (error) {
      return Response.json({ error: this.#report(error) }, { status: 500 })
    }
  }

  /** Returns a Node request handler. */
  handler(options: NodeHandlerOptions): NodeHandler {
    let loading: Promise<NodeHandler> | undefined
    return this.connections.wrap(async (request, response) => {
      let handle: NodeHandler
      try {
        loading ??= this.#loadHandler(options)
        handle = await loading
      } catch (error) {
        response.writeHead(500, { 'content-type': 'application/json' }).end(JSON.stringify({ error: this.#report(error) }))
        return
      }
      await handle(request, response)
    })
  }

  /** Logs an error of the server that answers with the app, once. */
  readonly reportServerError = (error: Error): void => {
    if (this.#isServerErrorReported) return
    this.#isServerErrorReported = true
    const message = 'the HTTP server could not accept a client: raise the limit of open files if they are used up'
    this.#logger.error({ reason: errorMessage(error) }, `${message}; further failures are not logged`)
  }

  async #loadHandler(options: NodeHandlerOptions): Promise<NodeHandler> {
    this.#app ??= this.#load()
    const { createNodeHandler } = await import('./node-handler.ts')
    return createNodeHandler(await this.#app, options)
  }

  /** Logs why the app cannot be loaded, once; returns what clients see. */
  #report(error: unknown): string {
    const [reason] = errorMessage(error).split('\n')
    if (!this.#isReported) {
      this.#logger.error({ reason }, 'the HTTP endpoints cannot be loaded and answer with 500: install the package again')
    }
    this.#isReported = true
    return 'the endpoints cannot be loaded: the log has the reason'
  }
}
