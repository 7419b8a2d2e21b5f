import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import type { NodeHandler } from './first-request.ts'
import { loopbackNamesOnly } from './middleware.ts'

/**
 * Creates a Node request handler of an app.
 *
 * @param isLoopbackOnly whether only requests to loopback names are answered.
 */
export function createNodeHandler(app: Hono, isLoopbackOnly: boolean): NodeHandler {
  // `mount` and not `route`: the routes keep their own handlers for unknown paths and for errors.
  const mounted = isLoopbackOnly ? new Hono().use(loopbackNamesOnly).mount('/', app.fetch, { replaceRequest: false }) : app
  // HTTP/1.0 has no Host header: HAProxy and Nagios send none.
  return getRequestListener(mounted.fetch, { hostname: 'localhost', overrideGlobalObjects: false })
}
