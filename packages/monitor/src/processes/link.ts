import type { EventLog } from '../events/event-log.ts'
import type { HealthReport } from '../health/check.ts'
import { Peer } from './peer.ts'
import { type Addresses, type Hello, protocolVersion, type Welcome } from './protocol.ts'
import { type Frame, RegistryFeed } from './registry-feed.ts'
import type { RegistrySource } from './registry-source.ts'
import { Replica, replicaHandlers } from './replica.ts'
import { sendReplica } from './replication.ts'
import type { Transport, TransportEvents } from './transport.ts'

/** The shortest time between two times that changes are sent without being asked for: what a process loses that is killed. */
const sendIntervalMs = 100
/** The longest time between them, whatever they cost: what is missing of a process that is killed is said to be a second at most. */
const maxSendIntervalMs = 1000
/** Health and databases change more slowly. */
const detailsIntervalMs = 500
/** Sending takes at most this share of the event loop's time, unless it would have to wait for longer than that. */
const maxSendShare = 0.01
/** With more unsent bytes than this, changes wait. */
const maxBufferedBytes = 8 * 2 ** 20
/** The process that collects may be blocked for a while. */
const welcomeTimeoutMs = 600_000

/** What a link needs of its process, and answers for it. */
export interface LinkOptions {
  readonly worker: string
  /** The thread; 0 for the main thread. */
  readonly thread: number
  readonly source: RegistrySource
  /** Returns the database of each store, by its name. */
  readonly databases: () => Promise<Readonly<Record<string, string>>>
  /** Returns the health of this process. */
  readonly health: () => HealthReport
  /** Returns the answers to questions about single operations. */
  readonly operations: (body: unknown) => unknown
  /** Changes settings. */
  readonly settings: (body: unknown) => unknown
  /** The events of this process. */
  readonly events: Pick<EventLog, 'lastId' | 'ownEvents'>
  readonly onAddresses: (addresses: Addresses) => void
  /** Called when the connection has ended, unless it was closed. */
  readonly onLost: (reason: string | undefined) => void
}

/** What a process keeps when the process that collects is another one. */
export interface LinkState {
  readonly lastGeneration: number
  readonly slot: string | undefined
  /** The complete replica, if this process has it. */
  readonly replica: Replica | undefined
}

/** Connects a process or thread to the one that collects, and sends what changes. */
export class Link {
  readonly #options: LinkOptions
  readonly #peer: Peer
  readonly #feed: RegistryFeed
  readonly #unsubscribe: () => void
  #state: LinkState
  #replica: Replica | undefined
  #sending: Promise<number> | undefined
  #isSynced = false
  #sentDetailsMs = Number.NEGATIVE_INFINITY
  #sentHealth = ''
  #sentDatabases = ''
  /** The last event that was sent; undefined before the first. */
  #sentEventId: string | undefined
  #timer: NodeJS.Timeout | undefined
  #isWelcome = false
  #isClosed = false

  constructor(
    connect: (events: TransportEvents) => Transport,
    options: LinkOptions,
    state: LinkState,
    feed = new RegistryFeed(options.source.current),
  ) {
    this.#options = options
    this.#state = state
    this.#feed = feed
    this.#replica = state.replica
    this.#unsubscribe = options.source.onChange((registry) => {
      void this.#afterSending(() => {
        this.#feed.follow(registry)
        this.#isSynced = false
      })
    })
    this.#peer = new Peer(
      connect,
      {
        collect: () => this.#collect(),
        operations: (body) => options.operations(body),
        settings: (body) => options.settings(body),
        restart: () =>
          this.#afterSending(() => {
            this.#feed.restart()
            this.#isSynced = false
          }),
        addresses: (body) => options.onAddresses(body as Addresses),
        'replica-start': (generation) => {
          this.#replica = new Replica(generation as number)
        },
        ...replicaHandlers(() => this.#replica),
        'replica-restarted': (worker) => this.#replica?.endRestart(worker as string),
        'replica-end': (worker) => this.#replica?.end(worker as string),
        'replica-complete': () => {
          if (this.#replica !== undefined) this.#replica.isComplete = true
        },
        'replica-send': async () => {
          if (this.#replica !== undefined) await sendReplica(this.#replica, this.#replica.stored, this.#peer)
          return true
        },
      },
      (reason) => this.#end(reason),
    )
  }

  /** What the next connection needs. */
  get state(): LinkState {
    return { ...this.#state, replica: this.#replica?.isComplete === true ? this.#replica : undefined }
  }

  /** The feed of this process, for the next connection. */
  get feed(): RegistryFeed {
    return this.#feed
  }

  /**
   * Introduces this process and starts to send.
   *
   * @throws Error if the process that collects does not accept it.
   */
  async start(): Promise<Welcome> {
    const { worker, thread, source } = this.#options
    const { lastGeneration, slot: lastSlot } = this.#state
    const { current } = source
    const hello: Hello = {
      protocol: protocolVersion,
      worker,
      pid: process.pid,
      thread,
      semconv: current.semconv,
      lastGeneration,
      lastSlot,
      replicaGeneration: this.#replica?.isComplete === true ? this.#replica.generation : 0,
    }
    const welcome = (await this.#peer.ask('hello', hello, welcomeTimeoutMs)) as Welcome
    this.#state = { ...this.#state, lastGeneration: welcome.generation, slot: welcome.slot }
    if (welcome.isBaseline) this.#feed.restartAtZero(source.current)
    else this.#feed.restart()
    this.#isWelcome = true
    this.#options.onAddresses(welcome.addresses)
    await this.#send()
    this.#schedule(sendIntervalMs)
    return welcome
  }

  /** Asks the process that collects. @throws Error if it does not answer in time. */
  ask(name: string, body: unknown, timeoutMs: number): Promise<unknown> {
    return this.#peer.ask(name, body, timeoutMs)
  }

  /** Sends what was recorded until now; resolves when the process that collects has read it. */
  async flush(): Promise<void> {
    await this.#send()
    await this.#peer.ask('read', undefined, welcomeTimeoutMs)
  }

  /** Sends the rest and closes the connection. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    if (this.#isWelcome && !this.#peer.isClosed) {
      await this.#send()
      this.#peer.tell('bye')
    }
    this.#isClosed = true
    this.#release()
    this.#peer.close()
  }

  /** Returns, at once, what the process that collects has not received, as bytes that it can read later. */
  rest(): Buffer {
    // What waits in the buffer of the connection is lost with the process.
    if (this.#peer.bufferedBytes > 0) this.#feed.restart()
    return this.#feed.encode()
  }

  /** Sends the rest at once, over a connection that delivers it after the end of this thread. */
  sendRestNow(): void {
    if (!this.#isWelcome) return
    this.#feed.sendNow(this.#tellFrame)
    this.#sendEvents()
    this.#peer.tell('bye')
  }

  readonly #tellFrame = ({ numbers, ...head }: Frame): void => this.#peer.tell('frame', head, numbers)

  async #collect(): Promise<true> {
    await this.#options.source.current.collectors.collect()
    await this.#send()
    return true
  }

  /**
   * Sends what has changed. Calls during one wait for the next, because the values have changed since. Resolves to the seconds that the
   * event loop was busy with reading the values.
   */
  async #send(): Promise<number> {
    while (this.#sending !== undefined) await this.#sending
    // The process that collects may ask before this one knows that it is welcome; everything follows then.
    if (!this.#isWelcome) return 0
    this.#sending = this.#sendChanges().finally(() => {
      this.#sending = undefined
    })
    return this.#sending
  }

  async #sendChanges(): Promise<number> {
    const busySeconds = await this.#feed.sendTo(this.#tellFrame)
    if (!this.#isSynced) this.#peer.tell('synced')
    this.#isSynced = true
    this.#sendEvents()
    if (performance.now() - this.#sentDetailsMs >= detailsIntervalMs) {
      this.#sentDetailsMs = performance.now()
      await this.#sendDetails()
    }
    return busySeconds
  }

  #sendEvents(): void {
    const { events } = this.#options
    const { lastId } = events
    if (lastId === this.#sentEventId) return
    const own = events.ownEvents(this.#sentEventId)
    this.#sentEventId = lastId
    if (own.length > 0) this.#peer.tell('events', own)
  }

  /** Sends the health and the databases, if they have changed. */
  async #sendDetails(): Promise<void> {
    const health = this.#options.health()
    const text = JSON.stringify(health.checks.map(({ name, store, status, lastCheckMs }) => [name, store, status, lastCheckMs]))
    if (text !== this.#sentHealth) this.#peer.tell('health', health)
    this.#sentHealth = text
    const databases = await this.#options.databases()
    const databasesText = JSON.stringify(databases)
    if (databasesText !== this.#sentDatabases) this.#peer.tell('databases', databases)
    this.#sentDatabases = databasesText
  }

  async #afterSending(run: () => void): Promise<void> {
    while (this.#sending !== undefined) await this.#sending
    run()
  }

  #schedule(delayMs: number): void {
    if (this.#isClosed) return
    this.#timer = setTimeout(() => void this.#sendLater(), delayMs)
    this.#timer.unref()
  }

  async #sendLater(): Promise<void> {
    const busySeconds = this.#peer.bufferedBytes < maxBufferedBytes ? await this.#send() : 0
    this.#schedule(Math.min(maxSendIntervalMs, Math.max(sendIntervalMs, (busySeconds * 1000) / maxSendShare)))
  }

  #end(reason: string | undefined): void {
    this.#release()
    if (this.#isClosed) return
    this.#isClosed = true
    this.#options.onLost(reason)
  }

  #release(): void {
    clearTimeout(this.#timer)
    this.#unsubscribe()
  }
}
