import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Target } from '../connection/target.ts'
import { BrowserLinks } from './browser-links.ts'
import { createProxyApp } from './proxy-app.ts'

/** A console that listens on a loopback address. */
export interface ProxyServer {
  /** For example `http://127.0.0.1:40123/`. */
  readonly url: string
  /** Returns the address to open in a browser, which then acts with the token of the target. It works once; without a token it is `url`. */
  createLink(): string
  close(): Promise<void>
}

/**
 * Serves the console of a process on a loopback address.
 *
 * @param port 0 for any free port.
 * @throws Error that names the port, if it cannot be used.
 */
export async function startProxyServer(target: Target, port: number): Promise<ProxyServer> {
  const links = new BrowserLinks()
  const { fetch } = createProxyApp(target, links)
  const server = createServer(getRequestListener(fetch, { overrideGlobalObjects: false }))
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, port)))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, resolve)
  })
  const { port: boundPort } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${boundPort}/`
  return {
    url,
    createLink: () => (target.token === undefined ? url : links.create(url)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        // Streams of events do not end by themselves.
        server.closeAllConnections()
      }),
  }
}

function listenError(error: NodeJS.ErrnoException, port: number): Error {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: 'it is in use',
    EACCES: 'this user is not allowed to use it',
  }
  const reason = reasons[error.code ?? ''] ?? error.message
  return new Error(`cannot listen on port ${port}: ${reason}. Choose another one with --port, or leave it out for any free port.`)
}
