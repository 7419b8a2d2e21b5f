import { type Context, Hono } from 'hono'
import { forwardTimeoutMs } from '../processes/process-group.ts'
import type { ForwardedRequest, ForwardedResponse } from '../processes/protocol.ts'
import type { Access } from './access.ts'
import type { Authentication } from './authentication.ts'
import { bodyTooLong, readText } from './json-body.ts'
import type { RequestLimits } from './limits/request-limits.ts'
import { RequestsInFlight } from './limits/requests-in-flight.ts'
import { withMiddleware } from './middleware.ts'
import { type ConsoleRoutesOptions, consoleRoutes } from './routes/console.ts'

export interface ForwardingOptions {
  /** Returns the endpoints of this process; undefined if another one collects. */
  readonly loadOwn: () => Promise<Hono> | undefined
  /** Passes a request on to the process that collects. */
  readonly forward: (request: ForwardedRequest) => Promise<ForwardedResponse>
  readonly authentication: Authentication
  readonly limits: RequestLimits
  readonly basePath: string | undefined
  readonly console: ConsoleRoutesOptions
  readonly onError: (error: unknown) => void
}

/** Those that need no token; the process that collects decides what they return without it. */
const publicPaths = ['/health', '/livez', '/readyz'].flatMap((path) => [path, `${path}/*`])

/**
 * Creates the endpoints for a server of the application. It may be that of any process of a group, so a request is passed on if another one
 * collects. That process decides again whether the client may see and change what it asks for: only it knows which sessions have ended.
 */
export function createForwardingApp(options: ForwardingOptions): Hono {
  const { loadOwn, forward, authentication, limits, basePath, onError } = options
  const pass = async (context: Context<Access>): Promise<Response> => {
    const { req } = context
    const { remoteAddress } = context.env?.incoming?.socket ?? {}
    const { originalUrl, httpVersion } = context.env?.incoming ?? {}
    const text = req.method === 'GET' || req.method === 'HEAD' ? '' : await readText(context)
    if (text === undefined) return context.json({ error: bodyTooLong }, 413)
    const { status, headers, body, isBinary } = await forward({
      method: req.method,
      url: req.url,
      // The middleware here compresses the answer.
      headers: [...req.raw.headers].filter(([name]) => name !== 'accept-encoding' && name !== 'content-length'),
      ...(text !== '' && { body: text }),
      ...(remoteAddress !== undefined && { remoteAddress }),
      ...(originalUrl !== undefined && { originalUrl }),
      ...(httpVersion !== undefined && { httpVersion }),
    })
    const content = isBinary === true ? Buffer.from(body, 'latin1') : body
    return new Response(hasBody(status) ? content : null, { status, headers: toHeaders(headers) })
  }
  const open = new Hono<Access>().on(['GET', 'POST', 'DELETE'], '/api/v1/session', pass)
  for (const path of publicPaths) open.get(path, pass)
  const others = new Hono<Access>().use(authentication.requireOrPassOn).on(['GET', 'POST', 'DELETE'], '*', pass)
  const routes = [open, consoleRoutes(options.console), others] as Hono[]
  const requests = new RequestsInFlight(limits)
  const forwarding = withMiddleware([], authentication, routes, { onError, basePath, requests })
  return new Hono().all('*', async (context) => (await (loadOwn() ?? forwarding)).fetch(context.req.raw, context.env))
}

/** Answers a request that another process has passed on. */
export async function answerForwarded(
  app: Hono,
  { method, url, headers, body, remoteAddress, originalUrl, httpVersion }: ForwardedRequest,
): Promise<ForwardedResponse> {
  const incoming = { socket: { remoteAddress }, url: url.replace(/^\w+:\/\/[^/]+/, ''), originalUrl, httpVersion }
  // Nobody waits for the answer any longer.
  const signal = AbortSignal.timeout(forwardTimeoutMs)
  const request = new Request(url, { method, headers: toHeaders(headers), signal, ...(body !== undefined && { body }) })
  const response = await app.fetch(request, { incoming, isForwarded: true })
  const head = { status: response.status, headers: [...response.headers] }
  if (!(response.headers.get('content-type') ?? '').startsWith(protobuf)) return { ...head, body: await response.text() }
  return { ...head, body: Buffer.from(await response.arrayBuffer()).toString('latin1'), isBinary: true }
}

/** The only answer that is no text. */
const protobuf = 'application/vnd.google.protobuf'

function hasBody(status: number): boolean {
  return status !== 204 && status !== 304
}

function toHeaders(headers: ForwardedRequest['headers']): Array<[string, string]> {
  return headers.map(([name, value]) => [name, value])
}
