import type { Server } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { MetricsRegistry } from '@wombat/instrumentation'
import { networkProblem } from '@wombat/instrumentation/internal'
import type { Hono } from 'hono'
import type { Component } from '../component.ts'
import { isRemote } from '../config/host.ts'
import type { TlsOptions } from '../config/structured-options.ts'
import type { Logger } from '../logger.ts'
import type { Addresses } from '../processes/protocol.ts'
import type { RouteGroups } from './app.ts'
import { FirstRequest, routeErrorLog } from './first-request.ts'
import { type ConnectionLimits, ServerConnections } from './limits/connections.ts'
import { fixedLimits } from './limits/request-limits.ts'
import type { ServerTls } from './tls.ts'

export interface HttpServerOptions {
  readonly host: string
  /** The path below which the endpoints are served, besides the root. */
  readonly basePath?: string | undefined
  readonly prometheusEnabled: boolean
  readonly prometheusPort: number
  readonly jsonApiEnabled: boolean
  readonly jsonApiPort: number
  /** The options that someone chose. If a default port is in use, the next free one is used. */
  readonly chosenOptions: ReadonlySet<string>
  /** The files of the certificate; undefined for plain HTTP. */
  readonly tls?: TlsOptions | undefined
  readonly logger: Logger
  /** Where the monitor records what it does itself. */
  readonly registry?: MetricsRegistry
  /** Limits what their clients cost. */
  readonly connections?: ConnectionLimits
}

/** Creates the routes. It is called at the first request. */
export type LoadRoutes = () => Promise<RouteGroups>

type RouteGroup = 'prometheus' | 'json'
type PortOption = 'prometheusPort' | 'jsonApiPort'

/** How many ports after a default one are tried. After them, any free port is used. */
const maxPortsTried = 50

/**
 * The HTTP servers: one for Prometheus and one for the JSON API, or one for both if they share a port. Each of them serves the
 * health endpoints too, because a probe is configured with one port.
 */
export class HttpServers implements Component {
  readonly #options: HttpServerOptions
  readonly #loadRoutes: LoadRoutes
  readonly #listeners: Listener[] = []
  #addresses: Addresses = {}
  #tls: ServerTls | undefined

  constructor(options: HttpServerOptions, loadRoutes: LoadRoutes) {
    this.#options = options
    this.#loadRoutes = loadRoutes
  }

  /** The URLs of the servers that have started. */
  get addresses(): Addresses {
    return this.#addresses
  }

  /** Starts the enabled servers, or none. @throws Error that names the option of a port that cannot be used. */
  async start(): Promise<void> {
    try {
      await this.#start()
    } catch (error) {
      await this.close()
      throw error
    }
  }

  async close(): Promise<void> {
    this.#tls?.close()
    await Promise.all(this.#listeners.map((listener) => listener.close()))
  }

  async #start(): Promise<void> {
    const { prometheusEnabled, prometheusPort, jsonApiEnabled, jsonApiPort, tls, logger, registry } = this.#options
    if (this.#isRefused()) return
    if (tls !== undefined && (prometheusEnabled || jsonApiEnabled)) {
      this.#tls = new (await import('./tls.ts')).ServerTls({ files: tls, logger, registry })
      await this.#tls.start()
    }
    if (prometheusEnabled && jsonApiEnabled && prometheusPort === jsonApiPort && prometheusPort !== 0) {
      const url = await this.#listen(['prometheus', 'json'], prometheusPort, ['prometheusPort', 'jsonApiPort'])
      this.#addresses = { prometheus: url, json: url }
      return
    }
    if (prometheusEnabled) {
      this.#addresses = { prometheus: await this.#listen(['prometheus'], prometheusPort, ['prometheusPort']) }
    }
    if (jsonApiEnabled) {
      this.#addresses = { ...this.#addresses, json: await this.#listen(['json'], jsonApiPort, ['jsonApiPort']) }
    }
  }

  /** Returns whether no port may be opened. @throws Error if one was chosen. */
  #isRefused(): boolean {
    const { prometheusEnabled, jsonApiEnabled, chosenOptions, logger } = this.#options
    const problem = prometheusEnabled || jsonApiEnabled ? networkProblem() : undefined
    if (problem === undefined) return false
    const chosen = ['prometheusEnabled', 'prometheusPort', 'jsonApiEnabled', 'jsonApiPort'].find((name) =>
      chosenOptions.has(name),
    )
    if (chosen !== undefined) throw new Error(`${chosen}: cannot listen on a port: ${problem}`)
    logger.warn({}, `the HTTP endpoints are not served. ${problem}, or set jsonApiEnabled: false`)
    return true
  }

  async #listen(groups: readonly RouteGroup[], port: number, options: readonly PortOption[]): Promise<string> {
    const { host, logger, connections } = this.#options
    const app = new FirstRequest(() => loadEndpoints(this.#loadRoutes, groups, this.#options), logger, connections)
    const listener = await this.#listenFrom(app, host, port, options)
    this.#listeners.push(listener)
    return listener.url
  }

  /** Listens on the port, or on a free one if the port is a default that is in use. */
  async #listenFrom(app: FirstRequest, host: string, port: number, options: readonly PortOption[]): Promise<Listener> {
    const { chosenOptions, logger } = this.#options
    const option = options.join(' and ')
    try {
      return await listen(app, host, port, option, this.#tls)
    } catch (error) {
      if (!isInUse(error) || options.some((one) => chosenOptions.has(one))) throw error
    }
    const listener = await listenOnFreePort(app, host, port + 1, option, this.#tls)
    logger.warn({ option, port, url: listener.url }, `the default port ${port} is in use: set ${option} to choose another one`)
    return listener
  }
}

/** Loads these groups of routes, those that need no token, and the middleware of all. */
export async function loadEndpoints(
  loadRoutes: LoadRoutes,
  groups: readonly RouteGroup[],
  { basePath, logger }: Pick<HttpServerOptions, 'basePath' | 'logger'>,
): Promise<Hono> {
  const [routes, { withMiddleware }] = await Promise.all([loadRoutes(), import('./middleware.ts')])
  const { health, publicJson, authentication, audit, requests } = routes
  const chosen = groups.map((group) => routes[group])
  const publicRoutes = [health, groups.includes('json') ? publicJson : undefined].filter((one) => one !== undefined)
  return withMiddleware(chosen, authentication, publicRoutes, { onError: routeErrorLog(logger), basePath, audit, requests })
}

async function listenOnFreePort(
  app: FirstRequest,
  host: string,
  firstPort: number,
  option: string,
  tls: ServerTls | undefined,
): Promise<Listener> {
  for (let port = firstPort; port < firstPort + maxPortsTried && port <= 65_535; port++) {
    try {
      return await listen(app, host, port, option, tls)
    } catch (error) {
      if (!isInUse(error)) throw error
    }
  }
  return listen(app, host, 0, option, tls)
}

function isInUse(error: unknown): boolean {
  return error instanceof Error && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'EADDRINUSE'
}

/** An HTTP server that listens. */
export interface Listener {
  /** For example `http://127.0.0.1:9464`. */
  readonly url: string
  close(): Promise<void>
}

/**
 * Starts an HTTP server, with TLS if it is given. Neither the server nor its connections keep the process alive.
 *
 * @throws Error that names the option of the port, if the server cannot listen there.
 */
export async function listen(app: FirstRequest, host: string, port: number, option: string, tls?: ServerTls): Promise<Listener> {
  // Not `import`: it reads all exports of the module, and with them loads the whole of fetch.
  const server = tls?.createServer(timeouts) ?? process.getBuiltinModule('node:http').createServer(timeouts)
  const kind = tls === undefined ? undefined : tls.isMutual ? 'mutual' : 'server'
  server.on('request', app.handler({ isLoopbackOnly: !isRemote(host), tls: kind }))
  const connections = new ServerConnections(server, app.connections.limits)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port, option)))
    // In node:cluster, each worker would get some of the requests, and scrapes would read another one each time.
    server.listen({ port, host, exclusive: true }, resolve)
  })
  // Such as one of `accept`: the next client may succeed.
  server.on('error', app.reportServerError)
  server.unref()
  const { address, family, port: boundPort } = server.address() as AddressInfo
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${family === 'IPv6' ? `[${address}]` : address}:${boundPort}`,
    close: () => closeServer(server, connections),
  }
}

/** As those of Go's `http.Server`: what a client may take before its connection is closed, with 408 if it has begun a request. */
const timeouts = {
  headersTimeout: fixedLimits.headersTimeoutMs,
  requestTimeout: fixedLimits.requestTimeoutMs,
  keepAliveTimeout: fixedLimits.keepAliveTimeoutMs,
  // How late they may be.
  connectionsCheckingInterval: 2000,
} as const

/** How long `close` waits for responses that are being sent, in milliseconds. */
const closeGraceMs = 1000

/** Accepts no more connections, and lets running responses finish. */
function closeServer(server: Server | TlsServer, connections: ServerConnections): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), closeGraceMs)
    server.close(() => {
      clearTimeout(timer)
      resolve()
    })
    connections.close()
  })
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number, option: string): Error {
  const anotherPort = `Set ${option} to another port, or to 0 for any free port.`
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: `the port is in use. ${anotherPort}`,
    EACCES: `this user is not allowed to use the port. ${anotherPort}`,
    EADDRNOTAVAIL: 'this machine does not have that address. Set host to an address of this machine.',
    ENOTFOUND: 'the host name cannot be resolved. Set host to an address of this machine.',
  }
  const reason = reasons[error.code ?? ''] ?? error.message
  return new Error(`${option}: cannot listen on ${host}:${port}: ${reason}`, { cause: error })
}
