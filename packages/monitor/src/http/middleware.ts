import { Hono, type MiddlewareHandler } from 'hono'
import { compress } from 'hono/compress'
import { secureHeaders } from 'hono/secure-headers'
import { type Access, isLoopbackName } from './access.ts'
import type { Authentication } from './authentication.ts'
import { rejectCrossSite } from './cross-site.ts'
import { RequestLimits } from './limits/request-limits.ts'
import { RequestsInFlight } from './limits/requests-in-flight.ts'
import { pathBelow, redirectToSlash } from './mount-path.ts'

export interface MiddlewareOptions {
  /** Called with an error of a route, which the client sees only as `internal error`. */
  readonly onError?: (error: unknown) => void
  /** The path below which the routes are served, besides the root. */
  readonly basePath?: string | undefined
  /** Records the changes that clients make or want to make. */
  readonly audit?: MiddlewareHandler<Access> | undefined
  /** Limits how many requests are answered at the same time. */
  readonly requests?: RequestsInFlight | undefined
}

/**
 * Creates an app with the middleware of all routes: no requests of pages of other sites, a limit of requests, only the methods that a path has, secure headers, compression and, if
 * something is required, authentication. What is not GET or HEAD must pass the checks for changes. Public routes require no credential; they
 * make these checks themselves.
 */
export function withMiddleware(
  routes: readonly Hono[],
  authentication: Authentication,
  publicRoutes: readonly Hono[] = [],
  { onError = () => {}, basePath, audit, requests = new RequestsInFlight(new RequestLimits()) }: MiddlewareOptions = {},
): Hono {
  const app = new Hono<Access>({ getPath: pathBelow(basePath) })
  // A browser would apply HSTS to all services of the host: only a server that terminates TLS may send it.
  const headers = secureHeaders({ strictTransportSecurity: false })
  app.use(
    headers,
    rejectCrossSite(requests.limits),
    requests.limit,
    knownMethodsOnly(app.routes),
    compress(),
    redirectToSlash,
    authentication.checkPassword,
  )
  for (const route of publicRoutes) app.route('/', route)
  app.use(authentication.require)
  if (audit !== undefined) app.use(audit)
  app.use(authentication.guardChanges)
  for (const route of routes) app.route('/', route)
  app.notFound((context) => context.json({ error: `${context.req.path} does not exist` }, 404))
  app.onError((error, context) => {
    onError(error)
    return context.json({ error: 'internal error' }, 500)
  })
  return app as unknown as Hono
}

interface Route {
  readonly method: string
  readonly path: string
}

/** Rejects methods that the routes do not have: GET and HEAD are allowed everywhere, except where something else is and GET is not. */
function knownMethodsOnly(routes: readonly Route[]): MiddlewareHandler<Access> {
  let changing: Array<{ readonly method: string; readonly pattern: RegExp }> | undefined
  const matches = (path: string) => (route: Route) => routePattern(route).test(path)
  return async (context, next) => {
    const { method, path } = context.req
    // All routes exist when the first request comes.
    changing ??= routes
      .filter((route) => route.method !== 'GET' && route.method !== 'ALL')
      .map((route) => ({ method: route.method, pattern: routePattern(route) }))
    const others = changing.filter(({ pattern }) => pattern.test(path)).map((one) => one.method)
    const isReadable = others.length === 0 || routes.some((route) => route.method === 'GET' && matches(path)(route))
    const allowed = [...new Set([...(isReadable ? ['GET', 'HEAD'] : []), ...others])]
    if (allowed.includes(method)) return next()
    const error = `${method} is not allowed: use ${allowed.join(', ').replace(/, (?=[^,]*$)/, ' or ')}`
    return context.json({ error }, 405, { allow: allowed.join(', ') })
  }
}

/** Returns the pattern of a route's path, in which `:name` is any part, and `*` the rest. */
function routePattern({ path }: Route): RegExp {
  return new RegExp(`^${path.replace(/:[^/]+/g, '[^/]+').replace('*', '.*')}$`)
}

/**
 * Rejects requests to names that are not loopback names, for a server that listens on loopback; returns undefined for others. A web page can
 * resolve a name of its own to 127.0.0.1 (DNS rebinding), but cannot change the Host header that the browser then sends.
 */
export function rejectForeignName({ headers }: Request): Response | undefined {
  // Browsers send the header always; a client of HTTP/1.0 may not.
  const host = headers.get('host') || 'localhost'
  if (isLoopbackName(host)) return undefined
  return Response.json(
    { error: `host ${JSON.stringify(host)} is not a loopback name: use localhost or 127.0.0.1` },
    { status: 403 },
  )
}

/** Half a year. Not for the subdomains: they may be other machines. */
const strictTransportSecurity = 'max-age=15552000'

/**
 * Tells browsers to use this host over TLS only, for a server that terminates TLS. Not if they call it `localhost`: all that they ever do
 * on their own machine would be concerned.
 */
export function requireTlsLater({ headers }: Request, response: Response): Response {
  if (!/^localhost\.?(:|$)/i.test(headers.get('host') ?? ''))
    response.headers.set('strict-transport-security', strictTransportSecurity)
  return response
}
