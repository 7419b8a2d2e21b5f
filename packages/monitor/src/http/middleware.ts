import { Hono, type MiddlewareHandler } from 'hono'
import { bearerAuth } from 'hono/bearer-auth'
import { compress } from 'hono/compress'
import { HTTPException } from 'hono/http-exception'
import { secureHeaders } from 'hono/secure-headers'

/**
 * These routes behind everything that holds for all of them: reading only, safe headers, compression and, with a token,
 * authentication. Open routes ask for no token, or for one in their own way.
 */
export function withMiddleware(routes: readonly Hono[], authToken: string | undefined, open: readonly Hono[] = []): Hono {
  const app = new Hono()
  app.use(secureHeaders(), readOnly, compress())
  for (const route of open) app.route('/', route)
  if (authToken !== undefined) app.use(bearerAuth({ token: authToken }))
  for (const route of routes) app.route('/', route)
  app.notFound((context) => context.json({ error: `nothing at ${context.req.path}` }, 404))
  app.onError((error, context) =>
    // How the authentication says no.
    error instanceof HTTPException ? error.getResponse() : context.json({ error: 'internal error' }, 500),
  )
  return app
}

const readOnly: MiddlewareHandler = async (context, next) => {
  if (context.req.method === 'GET' || context.req.method === 'HEAD') return next()
  return context.json({ error: `${context.req.method} is not allowed: everything here is for reading` }, 405, {
    allow: 'GET, HEAD',
  })
}

const loopbackHost = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i

/** Whether a Host header names this machine as only itself can. */
export function isLoopbackName(host: string | undefined): boolean {
  return host !== undefined && loopbackHost.test(host)
}

/**
 * For a server on loopback: answers only to loopback names. A page in the user's browser can point a name of its own at
 * 127.0.0.1 (DNS rebinding) but cannot change the Host header that the browser then sends.
 */
export const loopbackNamesOnly: MiddlewareHandler = async (context, next) => {
  const host = context.req.header('host') ?? ''
  if (isLoopbackName(host)) return next()
  return context.json({ error: `host ${JSON.stringify(host)} is not this machine` }, 403)
}
