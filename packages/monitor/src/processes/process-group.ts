import cluster from 'node:cluster'
import type { Server } from 'node:net'
import { isMainThread, threadId } from 'node:worker_threads'
import type { MetricsRegistry } from '@wombat/instrumentation'
import type { AlertStorage } from '../alerts/scheduler.ts'
import type { Component } from '../component.ts'
import type { EventLog } from '../events/event-log.ts'
import type { HealthReport } from '../health/check.ts'
import { errorMessage } from '../validation/error-message.ts'
import { Aggregate } from './aggregate.ts'
import { GroupDirectory, type Seat } from './group-directory.ts'
import { clusterGroupName, findGroupName, type GroupOption } from './group-name.ts'
import { Hub, type HubOptions, type SumOptions } from './hub.ts'
import { IncomingReplica } from './incoming-replica.ts'
import { Link, type LinkState } from './link.ts'
import type { Addresses, ForwardedRequest, ForwardedResponse, WorkerHealth, WorkerState } from './protocol.ts'
import { Replication } from './replication.ts'
import { joinMainThread } from './threads.ts'
import { socketTransport } from './transport.ts'

/** What only one process of a group does: it serves, evaluates and records the metrics of all. */
export interface CollectorRole {
  /**
   * Starts to read this registry, and to serve and evaluate what it reads.
   *
   * @param storage keeps the alerts for the next process that collects; undefined if this process is alone.
   * @param isTakeover whether the ports may be in use for a moment by the process that collected before.
   * @throws Error if a server cannot listen.
   */
  start(registry: MetricsRegistry, storage: AlertStorage | undefined, isTakeover: boolean): Promise<Addresses>
  /** Reads another registry from now on, which contains the values of the one before. */
  follow(registry: MetricsRegistry): void
  stop(): Promise<void>
  /** Answers a request that another process received. */
  answer(request: ForwardedRequest): Promise<ForwardedResponse>
}

export interface ProcessGroupOptions extends SumOptions {
  readonly option: GroupOption
  readonly role: CollectorRole
  readonly databases: () => Promise<Readonly<Record<string, string>>>
  readonly health: () => HealthReport
  readonly operations: (body: unknown) => unknown
  readonly settings: (body: unknown) => unknown
  readonly events: EventLog
  readonly onWorkerChange: HubOptions['onChange']
  /** Called before this process becomes one of several. */
  readonly onGroup: () => void
}

/** How long a process that takes over waits for the others, which have the sums of the one before. */
const gatherMs = 1000
/** The same for a process that was in no group before: usually there are no others, only the number of a group that has ended. */
const firstGatherMs = 300
/** A process without the replica lets the one with it go first. */
const politeDelayMs = 150
/** How long the processes that the one before has known have to connect. */
const reconnectMs = 5000
/** What this process loses if it is killed: the rest is in the copy. */
const checkIntervalMs = 100
/** Each second, a process looks whether another one collects, too. */
const checksPerLook = 10
/** How long to wait before another attempt to reach or to become the process that collects. */
const retryDelayMs = 1000
const firstRetryDelayMs = 20
/** A process that is ending may accept a connection that it never answers. */
const retriesUntilError = 5
/** A page of many series takes a while. */
export const forwardTimeoutMs = 10_000

type State =
  | { readonly name: 'alone' }
  | {
      readonly name: 'collector'
      readonly hub: Hub
      server: Server
      readonly generation: number
      readonly replication: Replication
    }
  | { readonly name: 'member'; readonly link: Link }
  | { readonly name: 'thread'; readonly link: Link }
  | { readonly name: 'between' }

/**
 * The processes of a service as one: one of them collects the metrics of all, serves and evaluates them. If it ends, another one takes its
 * place with the same sums.
 */
export class ProcessGroup implements Component {
  readonly #options: ProcessGroupOptions
  readonly #worker = createWorkerId()
  #directory: GroupDirectory | undefined
  #state: State = { name: 'between' }
  #linkState: LinkState = { lastGeneration: 0, slot: undefined, replica: undefined }
  #feed: Link['feed'] | undefined
  #addresses: Addresses = {}
  #timer: NodeJS.Timeout | undefined
  #isClosed = false
  #checks = 0
  #unsubscribe: () => void = () => {}
  #changing: Promise<void> = Promise.resolve()
  readonly #onExit = (): void => this.#leave()
  readonly #onFork = (): void => this.#open(clusterGroupName(process.pid))

  constructor(options: ProcessGroupOptions) {
    this.#options = options
  }

  /** @throws Error if this process is alone or the first of its group, and a server cannot listen. */
  async start(): Promise<void> {
    // Connections do not keep the process alive, but the caller that waits for the start must get an answer.
    const keepAlive = setInterval(() => {}, 60_000)
    try {
      await this.#start()
    } finally {
      clearInterval(keepAlive)
    }
  }

  async #start(): Promise<void> {
    const { option, source, role } = this.#options
    this.#unsubscribe = source.onChange(() => this.#readOwn())
    if (!isMainThread) {
      process.on('exit', this.#onExit)
      if (await this.#joinMainThread()) return
    }
    const name = isMainThread ? findGroupName(option) : undefined
    if (name !== undefined && this.#prepare(name)) {
      process.on('exit', this.#onExit)
      this.#options.onGroup()
      await this.#join()
      return
    }
    this.#addresses = await role.start(source.current, undefined, false)
    this.#state = { name: 'alone' }
    if (isMainThread && option === 'auto' && cluster.isPrimary) cluster.on('fork', this.#onFork)
  }

  /** The addresses of the servers, in whichever process they are. */
  get addresses(): Addresses {
    return this.#addresses
  }

  /** Whether another process serves and evaluates the metrics of this one. */
  get isMember(): boolean {
    return this.#link !== undefined
  }

  /** Whether the main thread serves and exports the metrics of this thread. */
  get isThread(): boolean {
    return this.#state.name === 'thread'
  }

  /** The processes of the group, if this one collects; else only this one is known. */
  get workers(): readonly WorkerState[] {
    return this.#state.name === 'collector' ? this.#state.hub.workers : []
  }

  /** The label of this process among the others. */
  get ownWorker(): string | undefined {
    if (this.#state.name === 'collector') return this.#state.hub.ownSlot
    return this.#link?.state.slot
  }

  /** The health of the other processes, if this one collects. */
  get health(): readonly WorkerHealth[] {
    return this.#state.name === 'collector' ? this.#state.hub.health : []
  }

  /** Asks all other processes the same; resolves to the answers by label. */
  async askAll(name: string, body: unknown): Promise<ReadonlyMap<string, unknown>> {
    return this.#state.name === 'collector' ? this.#state.hub.askAll(name, body) : new Map()
  }

  /** Answers a request, in the process that collects. @throws Error if it does not answer. */
  async forward(request: ForwardedRequest): Promise<ForwardedResponse> {
    const { role } = this.#options
    if (this.#state.name === 'alone' || this.#state.name === 'collector') return role.answer(request)
    if (this.#state.name === 'between') throw new Error('another process is about to serve the metrics')
    return (await this.#state.link.ask('http', request, forwardTimeoutMs)) as ForwardedResponse
  }

  /** Sends what was recorded until now to the process that collects. */
  async flush(): Promise<void> {
    await this.#link?.flush()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    cluster.off('fork', this.#onFork)
    process.off('exit', this.#onExit)
    clearTimeout(this.#timer)
    await this.#changing.catch(() => {})
    const state = this.#state
    const link = this.#link
    this.#state = { name: 'between' }
    this.#unsubscribe()
    await link?.close()
    if (state.name === 'collector') {
      await state.hub.feedOwn()
      await this.#stopCollecting(state)
    } else if (state.name === 'alone') await this.#options.role.stop()
  }

  /** The connection to the process that serves the metrics of this one; undefined if that is this process itself. */
  get #link(): Link | undefined {
    return this.#state.name === 'member' || this.#state.name === 'thread' ? this.#state.link : undefined
  }

  /** Opens a group around this process, which was alone. */
  #open(name: string): void {
    if (this.#state.name !== 'alone' || this.#isClosed || !this.#prepare(name)) return
    cluster.off('fork', this.#onFork)
    process.on('exit', this.#onExit)
    this.#options.onGroup()
    this.#change(async () => {
      const seat = await (this.#directory as GroupDirectory).join(this.#linkState.lastGeneration)
      if (seat.role === 'collector') await this.#collect(seat, { isRunning: true })
      else {
        await this.#options.role.stop()
        await this.#follow(seat)
      }
    })
  }

  /** Returns whether the processes of the group can find each other. */
  #prepare(name: string): boolean {
    try {
      this.#directory = new GroupDirectory(name)
      return true
    } catch (error) {
      const reason = errorMessage(error)
      this.#options.logger.warn(
        { reason },
        'this process cannot share one address with the other processes of its service, and serves only its own metrics',
      )
      return false
    }
  }

  async #join(): Promise<void> {
    const seat = await (this.#directory as GroupDirectory).join(this.#linkState.lastGeneration)
    if (seat.role === 'collector') await this.#collect(seat, { isRunning: false })
    else await this.#follow(seat)
  }

  /** What a connection to the process that collects, or to the main thread, needs of this one. */
  get #linkOptions() {
    const { source, databases, health, operations, settings, events } = this.#options
    const onAddresses = (addresses: Addresses): void => {
      this.#addresses = addresses
    }
    return { worker: this.#worker, source, databases, health, operations, settings, events, onAddresses }
  }

  /** Becomes a process whose metrics another one serves. */
  async #follow({ socket }: Extract<Seat, { role: 'member' }>): Promise<void> {
    const link: Link = new Link(
      (events) => socketTransport(socket, events),
      {
        ...this.#linkOptions,
        thread: 0,
        onLost: () => {
          // A connection that ends before it is complete is an error of `start`.
          if (this.#state.name === 'member' && this.#state.link === link) this.#rejoin(link)
        },
      },
      this.#linkState,
      this.#feed,
    )
    this.#feed = link.feed
    await link.start()
    this.#linkState = link.state
    this.#state = { name: 'member', link }
    this.#readOwn()
  }

  /** Becomes a thread whose metrics the main thread serves. Returns whether the main thread is monitored. */
  async #joinMainThread(): Promise<boolean> {
    const link = await joinMainThread({
      ...this.#linkOptions,
      // The monitoring of the main thread was closed: there is no other.
      onLost: () => {
        this.#state = { name: 'between' }
      },
    })
    if (link === undefined) return false
    this.#options.onGroup()
    this.#state = { name: 'thread', link }
    this.#readOwn()
    return true
  }

  /** Reads the metrics of this process, if another one serves them or none has joined. */
  #readOwn(): void {
    const { name } = this.#state
    if (name !== 'collector') this.#options.role.follow(this.#options.source.current)
  }

  /** Becomes the process that collects. */
  async #collect(
    { server, generation }: Extract<Seat, { role: 'collector' }>,
    { isRunning }: { readonly isRunning: boolean },
  ): Promise<void> {
    const { source, registry, registryOptions, hasWorkerLabel, logger, clock, role, events, onWorkerChange } = this.#options
    const aggregate = new Aggregate({ registryOptions, hasWorkerLabel })
    const replication = new Replication(aggregate, generation)
    const incoming = new IncomingReplica()
    const begun = Promise.withResolvers<void>()
    const directory = this.#directory as GroupDirectory
    const hub: Hub = new Hub({
      aggregate,
      own: source,
      ...(this.#feed !== undefined && { feed: this.#feed }),
      ownWorker: this.#worker,
      registry,
      logger,
      clock,
      generation,
      replication,
      takeLeft: (worker) => directory.takeLeft(worker),
      handlers: { http: (body) => role.answer(body as ForwardedRequest), ...incoming.handlers },
      ready: begun.promise,
      onHello: (hello, peer) => incoming.offer(hello, peer),
      onEvents: (worker, received) => events.receive(worker, received, 'process'),
      onChange: onWorkerChange,
      noun: 'process',
    })
    this.#feed = hub.feed
    const listen = (to: Server): void =>
      void to.on('connection', (socket) => hub.accept((events) => socketTransport(socket, events)))
    listen(server)
    const { lastGeneration, slot, replica: ownReplica } = this.#linkState
    const replica =
      ownReplica ?? (generation > 1 ? await incoming.receive(lastGeneration > 0 ? gatherMs : firstGatherMs) : undefined)
    if (replica !== undefined) {
      aggregate.adopt(replica)
      for (const [name, value] of replica.stored) replication.store(name, value)
    } else if (lastGeneration > 0) {
      logger.warn(
        {},
        'the process that collected the metrics ended together with its copy: counters start at 0 again, as after a restart of the service',
      )
    }
    hub.start({ lastGeneration, lastSlot: slot })
    this.#linkState = { lastGeneration: generation, slot: hub.ownSlot, replica: undefined }
    this.#state = { name: 'collector', hub, server, generation, replication }
    begun.resolve()
    if (isRunning) role.follow(aggregate.registry)
    else this.#addresses = await role.start(aggregate.registry, replication.storage, generation > 1)
    hub.setAddresses(this.#addresses)
    hub.endUnconnected({ onlyIfLeft: true })
    setTimeout(() => hub.endUnconnected(), reconnectMs).unref()
    this.#watch(listen)
  }

  /** Keeps the copy up to date, and checks that this process is still the one that collects. */
  #watch(listen: (server: Server) => void): void {
    if (this.#isClosed || this.#state.name !== 'collector') return
    this.#timer = setTimeout(() => {
      void this.#check(listen).then(() => this.#watch(listen))
    }, checkIntervalMs)
    this.#timer.unref()
  }

  async #check(listen: (server: Server) => void): Promise<void> {
    const state = this.#state
    if (state.name !== 'collector') return
    const { hub, replication, generation } = state
    if (replication.isRunning) await hub.feedOwn()
    if (++this.#checks % checksPerLook !== 0) return
    const newest = this.#newestGeneration()
    if (newest === generation) return
    if (newest > generation) {
      this.#options.logger.warn({}, 'another process collects the metrics of this service: this one leaves it to that')
      this.#change(async () => {
        await this.#stopCollecting(state)
        await this.#join()
      })
      return
    }
    // The folder for temporary files was cleaned.
    const server = await (this.#directory as GroupDirectory).listenAgain(generation).catch(() => undefined)
    if (server === undefined) return
    state.server.close()
    state.server = server
    listen(server)
  }

  #newestGeneration(): number {
    try {
      return (this.#directory as GroupDirectory).newestGeneration()
    } catch {
      return 0
    }
  }

  async #stopCollecting({ hub, server, generation }: Extract<State, { name: 'collector' }>): Promise<void> {
    await this.#options.role.stop()
    try {
      this.#directory?.keepNumber(generation)
    } catch {
      // The folder is gone: there is no number to keep.
    }
    await new Promise<void>((resolve) => {
      server.close(() => resolve())
      hub.close()
    })
  }

  /** The process that collected has ended: reaches the next one, or becomes it. */
  #rejoin(link: Link): void {
    if (this.#isClosed) return
    this.#linkState = link.state
    this.#state = { name: 'between' }
    this.#change(async () => {
      if (this.#linkState.replica === undefined) await pause(politeDelayMs)
      await this.#join()
    })
  }

  /** Changes the role of this process, one change at a time, until it succeeds. */
  #change(run: () => Promise<void>): void {
    this.#changing = this.#changing.then(async () => {
      let retries = 0
      for (let attempt = run; !this.#isClosed; attempt = () => this.#join()) {
        try {
          await attempt()
          return
        } catch (error) {
          const reason = errorMessage(error)
          if (retries === retriesUntilError) {
            this.#options.logger.error(
              { reason },
              'the metrics of this process are not served at the moment: the process that collects them cannot be reached; it is tried again every second',
            )
          }
          await pause(Math.min(retryDelayMs, firstRetryDelayMs * 2 ** retries++))
        }
      }
    })
  }

  /** Leaves what was not sent: the process ends now. */
  #leave(): void {
    const state = this.#state
    try {
      if (state.name === 'thread') state.link.sendRestNow()
      else if (state.name === 'member') this.#directory?.leave(this.#worker, state.link.rest())
      else if (state.name === 'collector') this.#directory?.leave(this.#worker, state.hub.rest())
    } catch {
      // There is no later moment at which this could be reported: the other processes count this one as lost.
    }
  }
}

/** Returns what identifies this process or thread for its whole life. It is no secret. */
function createWorkerId(): string {
  const random = Math.random().toString(36).slice(2)
  return [process.pid, threadId, Date.now().toString(36), random].join('-')
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref()
  })
}
