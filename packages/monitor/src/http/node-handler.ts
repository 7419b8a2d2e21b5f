import { getRequestListener } from '@hono/node-server'
import type { Hono } from 'hono'
import type { NodeHandlerOptions } from './first-request.ts'
import type { NodeHandler } from './limits/connections.ts'
import { type ProbeBindings, SharedProbes } from './limits/shared-probes.ts'
import { rejectForeignName, requireTlsLater } from './middleware.ts'

/** Creates a Node request handler of an app. */
export function createNodeHandler(app: Hono, { isLoopbackOnly, tls }: NodeHandlerOptions): NodeHandler {
  const probes = new SharedProbes()
  const fetch = probes.keep(async (request, env) => {
    const bindings = tls === 'mutual' ? { ...env, hasClientCertificate: true } : env
    const response = (isLoopbackOnly ? rejectForeignName(request) : undefined) ?? (await app.fetch(request, bindings))
    return tls === undefined ? response : requireTlsLater(request, response)
  })
  // HTTP/1.0 has no Host header: HAProxy and Nagios send none.
  const options = { hostname: 'localhost', overrideGlobalObjects: false }
  // Only a server of HTTP/1.1 calls it.
  const listener = getRequestListener((request, env) => fetch(request, env as ProbeBindings), options)
  return async (request, response) => {
    if (!probes.send(request, response)) await listener(request, response)
  }
}
