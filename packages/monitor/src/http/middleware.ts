import { Hono, type MiddlewareHandler } from 'hono'
import { bearerAuth } from 'hono/bearer-auth'
import { compress } from 'hono/compress'
import { HTTPException } from 'hono/http-exception'
import { secureHeaders } from 'hono/secure-headers'
import { type Access, isLoopbackName } from './access.ts'
import { pathBelow, redirectToSlash } from './mount-path.ts'

export interface MiddlewareOptions {
  /** Called with an error of a route, which the client sees only as `internal error`. */
  readonly onError?: (error: unknown) => void
  /** The path below which the routes are served, besides the root. */
  readonly basePath?: string | undefined
}

/**
 * Creates an app with the middleware of all routes: only GET and HEAD, secure headers, compression and, if a token is set,
 * authentication. Public routes do not require the token; they may check it themselves.
 */
export function withMiddleware(
  routes: readonly Hono[],
  authToken: string | undefined,
  publicRoutes: readonly Hono[] = [],
  { onError = () => {}, basePath }: MiddlewareOptions = {},
): Hono {
  const app = new Hono<Access>({ getPath: pathBelow(basePath) })
  app.use(secureHeaders(), readOnly, compress(), redirectToSlash)
  for (const route of publicRoutes) app.route('/', route)
  if (authToken !== undefined) app.use(bearerAuth({ token: authToken }))
  for (const route of routes) app.route('/', route)
  app.notFound((context) => context.json({ error: `${context.req.path} does not exist` }, 404))
  app.onError((error, context) => {
    // The authentication rejects a request with this exception.
    if (error instanceof HTTPException) return error.getResponse()
    onError(error)
    return context.json({ error: 'internal error' }, 500)
  })
  return app as unknown as Hono
}

const readOnly: MiddlewareHandler = async (context, next) => {
  if (context.req.method === 'GET' || context.req.method === 'HEAD') return next()
  return context.json({ error: `${context.req.method} is not allowed: use GET or HEAD` }, 405, { allow: 'GET, HEAD' })
}

/**
 * Rejects requests to names that are not loopback names, for a server that listens on loopback. A web page can resolve a name of its
 * own to 127.0.0.1 (DNS rebinding), but cannot change the Host header that the browser then sends.
 */
export const loopbackNamesOnly: MiddlewareHandler = async (context, next) => {
  // Browsers send the header always; a client of HTTP/1.0 may not.
  const host = context.req.header('host') || 'localhost'
  if (isLoopbackName(host)) return next()
  return context.json({ error: `host ${JSON.stringify(host)} is not a loopback name: use localhost or 127.0.0.1` }, 403)
}
