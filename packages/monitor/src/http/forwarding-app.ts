import { type Context, Hono } from 'hono'
import type { ForwardedRequest, ForwardedResponse } from '../processes/protocol.ts'
import { type Access, isFromThisMachine } from './access.ts'
import type { RouteGroups } from './app.ts'
import { withMiddleware } from './middleware.ts'
import { type ConsoleRoutesOptions, consoleRoutes } from './routes/console.ts'

export interface ForwardingOptions {
  /** Returns the endpoints of this process; undefined if another one collects. */
  readonly loadOwn: () => Promise<Hono> | undefined
  /** Passes a request on to the process that collects. */
  readonly forward: (request: ForwardedRequest) => Promise<ForwardedResponse>
  readonly authToken: string | undefined
  readonly basePath: string | undefined
  readonly console: ConsoleRoutesOptions
  readonly onError: (error: unknown) => void
}

const healthPaths = ['/health', '/livez', '/readyz'].flatMap((path) => [path, `${path}/*`])

/**
 * Creates the endpoints for a server of the application. It may be that of any process of a group, so a request is passed on if another one
 * collects.
 */
export function createForwardingApp(options: ForwardingOptions): Hono {
  const { loadOwn, forward, authToken, basePath, onError } = options
  const pass = async (context: Context): Promise<Response> => {
    const { req } = context
    const { status, headers, body } = await forward({
      method: req.method,
      url: withPath(req.url, req.path),
      // The middleware here compresses the answer.
      headers: [...req.raw.headers].filter(([name]) => name !== 'accept-encoding'),
      isFromThisMachine: isFromThisMachine(context as Context<Access>),
    })
    return new Response(body, { status, headers: toHeaders(headers) })
  }
  const health = new Hono()
  for (const path of healthPaths) health.get(path, pass)
  const publicRoutes = [health, consoleRoutes(options.console)]
  const forwarding = withMiddleware([new Hono().get('*', pass)], authToken, publicRoutes, { onError, basePath })
  return new Hono().all('*', async (context) => (await (loadOwn() ?? forwarding)).fetch(context.req.raw, context.env))
}

function withPath(url: string, path: string): string {
  const changed = new URL(url)
  changed.pathname = path
  return changed.href
}

/** Creates the endpoints for requests that another process has let in. */
export function createForwardedApp({ prometheus, json, health }: Required<RouteGroups>): Hono {
  return new Hono().route('/', health).route('/', prometheus).route('/', json)
}

/** Answers a request that another process has passed on. */
export async function answerForwarded(
  app: Hono,
  { method, url, headers, isFromThisMachine }: ForwardedRequest,
): Promise<ForwardedResponse> {
  // The address of the client, of which only this is known.
  const env = isFromThisMachine ? { incoming: { socket: { remoteAddress: '127.0.0.1' } } } : {}
  const response = await app.fetch(new Request(url, { method, headers: toHeaders(headers) }), env)
  return { status: response.status, headers: [...response.headers], body: await response.text() }
}

function toHeaders(headers: ForwardedRequest['headers']): Array<[string, string]> {
  return headers.map(([name, value]) => [name, value])
}
