import type { Hono } from 'hono'
import type { ResolvedConfig } from '../config/resolve-config.ts'
import { withMiddleware } from './middleware.ts'
import { type Listener, listen } from './server.ts'

/** Where the open doors are; a door that is closed is left out. */
export interface Addresses {
  readonly prometheus?: string
  readonly json?: string
}

export interface HttpServers {
  readonly addresses: Addresses
  close(): Promise<void>
}

/**
 * Opens the doors that are enabled; two doors on one port are one server. Each of them answers questions about health: whoever
 * probes needs one port, and should find it wherever any is.
 *
 * @throws Error naming the option when a port cannot be listened on; what was opened before is closed again.
 */
export async function startServers(
  config: ResolvedConfig,
  routes: { readonly prometheus: Hono; readonly json: Hono; readonly health?: Hono | undefined },
): Promise<HttpServers> {
  const { host, authToken, prometheusEnabled, prometheusPort, jsonApiEnabled, jsonApiPort } = config
  const open: Listener[] = []
  const close = async (): Promise<void> => {
    await Promise.all(open.map((listener) => listener.close()))
  }
  const openToAll = routes.health === undefined ? [] : [routes.health]
  const door = async (inside: readonly Hono[], port: number, option: string): Promise<string> => {
    const listener = await listen(withMiddleware(inside, authToken, openToAll), host, port, option)
    open.push(listener)
    return listener.url
  }
  try {
    if (prometheusEnabled && jsonApiEnabled && prometheusPort === jsonApiPort && prometheusPort !== 0) {
      const url = await door([routes.prometheus, routes.json], prometheusPort, 'prometheusPort and jsonApiPort')
      return { addresses: { prometheus: url, json: url }, close }
    }
    const prometheus = prometheusEnabled ? await door([routes.prometheus], prometheusPort, 'prometheusPort') : undefined
    const json = jsonApiEnabled ? await door([routes.json], jsonApiPort, 'jsonApiPort') : undefined
    return { addresses: { ...(prometheus !== undefined && { prometheus }), ...(json !== undefined && { json }) }, close }
  } catch (error) {
    await close()
    throw error
  }
}
