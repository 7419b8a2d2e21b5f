import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import type { NodeHandler, NodeHandlerOptions } from './first-request.ts'
import { loopbackNamesOnly, requireTlsLater } from './middleware.ts'

/** Creates a Node request handler of an app. */
export function createNodeHandler(app: Hono, { isLoopbackOnly, tls }: NodeHandlerOptions): NodeHandler {
  const outer = new Hono()
  if (tls !== undefined) outer.use(requireTlsLater)
  if (isLoopbackOnly) outer.use(loopbackNamesOnly)
  // `mount` and not `route`: the routes keep their own handlers for unknown paths and for errors.
  const mounted = isLoopbackOnly || tls !== undefined ? outer.mount('/', app.fetch, { replaceRequest: false }) : app
  const fetch: typeof mounted.fetch =
    tls === 'mutual'
      ? (request, env) => mounted.fetch(request, { ...(env as object), hasClientCertificate: true })
      : mounted.fetch
  // HTTP/1.0 has no Host header: HAProxy and Nagios send none.
  return getRequestListener(fetch, { hostname: 'localhost', overrideGlobalObjects: false })
}
