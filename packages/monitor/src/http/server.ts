import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'
import { isRemote } from '../config/resolve-config.ts'
import { loopbackNamesOnly } from './middleware.ts'

/** A door that is open. */
export interface Listener {
  /** `http://127.0.0.1:9464` for example. */
  readonly url: string
  close(): Promise<void>
}

/**
 * Serves the routes. The server does not keep the process alive, and neither do its connections.
 *
 * @throws Error naming the option of the port when it cannot be listened on.
 */
export async function listen(routes: Hono, host: string, port: number, option: string): Promise<Listener> {
  // Mounted, not routed: the routes keep their own answers to what is not found and what fails.
  const app = isRemote(host) ? routes : new Hono().use(loopbackNamesOnly).mount('/', routes.fetch, { replaceRequest: false })
  const server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false }) as Server
  server.on('connection', (socket) => socket.unref())
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port, option)))
    server.listen(port, host, resolve)
  })
  server.unref()
  const { address, family, port: bound } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number, option: string): Error {
  const anotherPort = `Set ${option} to another port, or to 0 for any free one.`
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: `it is in use. ${anotherPort}`,
    EACCES: `this user may not. ${anotherPort}`,
    EADDRNOTAVAIL: 'this machine has no such address. Set host to one that it has.',
    ENOTFOUND: 'nobody knows this name. Set host to an address of this machine.',
  }
  const why = reasons[error.code ?? ''] ?? error.message
  return new Error(`${option}: cannot listen on ${host}:${port}: ${why}`, { cause: error })
}
