import type { MetricsRegistry, RegistryOptions } from '@wombat/instrumentation'
import type { ReceivedEvent } from '../events/event-log.ts'
import type { HealthReport } from '../health/check.ts'
import type { Logger } from '../logger.ts'
import type { Clock } from '../time/clock.ts'
import { type Aggregate, endedWorker } from './aggregate.ts'
import { MessageDecoder } from './message.ts'
import { type MessageHandler, Peer } from './peer.ts'
import { type Addresses, type Hello, protocolVersion, type Welcome, type WorkerHealth, type WorkerState } from './protocol.ts'
import { type Frame, RegistryFeed } from './registry-feed.ts'
import type { RegistrySource } from './registry-source.ts'
import type { Replication } from './replication.ts'
import type { FrameHead } from './series-table.ts'
import type { Transport, TransportEvents } from './transport.ts'
import { WorkerMetrics } from './worker-metrics.ts'

/** How long a collection waits for the other processes, in milliseconds: less than a collection may take in all. */
const collectTimeoutMs = 750
/** An answer that is older than this says nothing about now. */
const gaugeLifetimeMs = 30_000
/** A process that waits for the answer of one that hangs would wait for ever. */
const maxCollectMs = 600_000

/** What adding up the registries of several processes or threads needs. */
export interface SumOptions {
  /** The registry of the process, with its threads as soon as there are some. */
  readonly source: RegistrySource
  /** Where it counts what it sees. */
  readonly registry: MetricsRegistry
  readonly registryOptions: RegistryOptions
  /** Whether each series of the sums has the label `worker`. */
  readonly hasWorkerLabel: boolean
  readonly logger: Logger
  readonly clock: Clock
}

export interface HubOptions {
  readonly aggregate: Aggregate
  /** The registry of this process, which is one of those that are added up. */
  readonly own: RegistrySource
  /** The feed of that registry, if it has fed another hub before. */
  readonly feed?: RegistryFeed
  /** Identifies this process among the others. */
  readonly ownWorker: string
  /** Where the hub counts what it sees. */
  readonly registry: MetricsRegistry
  readonly logger: Logger
  readonly clock: Clock
  readonly generation: number
  /** Keeps a copy elsewhere; undefined if this process ends with all others. */
  readonly replication?: Replication
  /** Returns what a process left that ended without a chance to send it. */
  readonly takeLeft?: (worker: string) => Buffer | undefined
  /** Handles further messages of the other processes. */
  readonly handlers?: Readonly<Record<string, MessageHandler>>
  /** Resolves when the hub may add processes. */
  readonly ready?: Promise<void>
  /** Called with what each process says first, before it is added. */
  readonly onHello?: (hello: Hello, peer: Peer) => void
  /** Called with the events of another process or thread, of which the label is given. */
  readonly onEvents: (worker: string, events: readonly ReceivedEvent[]) => void
  /** Called when a process or thread has joined for the first time, or has ended. */
  readonly onChange: (change: WorkerChange) => void
  /** What the others are called in the log. */
  readonly noun: 'process' | 'thread'
}

/** A process or thread that has joined the others or has ended: by itself, or without a chance to send what it recorded last. */
export interface WorkerChange {
  readonly change: 'joined' | 'closed' | 'lost'
  readonly worker: string
  readonly pid: number
  /** 0 for the main thread. */
  readonly thread: number
  readonly noun: 'process' | 'thread'
}

interface Worker extends Hello {
  readonly peer: Peer
  readonly slot: string
  collecting: Promise<void> | undefined
  /** Set while it is asked to send everything again. */
  restarting: Promise<unknown> | undefined
  lastAnswerMs: number
  isLate: boolean
  hasClosed: boolean
  health: HealthReport | undefined
}

/** Adds up the registries of this process and of others that are connected to it. */
export class Hub {
  readonly #options: HubOptions
  readonly #workers = new Map<string, Worker>()
  readonly #metrics: WorkerMetrics
  #ownSlot = '1'
  readonly #ownFeed: RegistryFeed
  readonly #unsubscribe: () => void
  #feeding: Promise<void> = Promise.resolve()
  #addresses: Addresses = {}
  #isClosed = false

  constructor(options: HubOptions) {
    this.#options = options
    const { own, feed = new RegistryFeed(own.current), registry, noun } = options
    this.#metrics = new WorkerMetrics(registry, noun)
    this.#ownFeed = feed
    this.#unsubscribe = own.onChange((registry) => this.#ownFeed.follow(registry))
  }

  /** Adds this process, and collects from all whenever the sums are collected. */
  start(history: Pick<Hello, 'lastGeneration' | 'lastSlot'> = { lastGeneration: 0, lastSlot: undefined }): void {
    const { aggregate, own, ownWorker, logger } = this.#options
    const { slot, isBaseline } = this.#add({ worker: ownWorker, ...history })
    this.#ownSlot = slot
    if (isBaseline) this.#ownFeed.restartAtZero(own.current)
    else this.#ownFeed.restart()
    this.#ownFeed.sendNow(this.#readOwn)
    this.#endRestart(ownWorker)
    aggregate.publishGauges()
    this.#countWorkers()
    aggregate.registry.warn = (message) => logger.warn({}, message)
    aggregate.registry.collectors.add(() => this.collect())
  }

  /** Returns, at once, the values of this process as bytes that another hub can read. */
  rest(): Buffer {
    this.#ownFeed.restart()
    return this.#ownFeed.encode()
  }

  /** Adds up the values of this process as they are now. */
  feedOwn(): Promise<void> {
    this.#feeding = this.#feeding.then(async () => {
      await this.#ownFeed.sendTo(this.#readOwn)
      this.#endRestart(this.#options.ownWorker)
    })
    return this.#feeding
  }

  /** The feed of this process, for another hub or a link. */
  get feed(): RegistryFeed {
    return this.#ownFeed
  }

  /** Takes a connection of another process or thread. */
  accept(connect: (events: TransportEvents) => Transport): void {
    let worker: Worker | undefined
    const peer: Peer = new Peer(
      connect,
      {
        ...this.#options.handlers,
        hello: async (body) => {
          const hello = body as Hello
          this.#options.onHello?.(hello, peer)
          await this.#options.ready
          const { added, isBaseline } = this.#welcome(hello, peer)
          worker = added
          const { generation } = this.#options
          return { slot: added.slot, generation, isBaseline, addresses: this.#addresses } satisfies Welcome
        },
        frame: (body, numbers = new Float64Array(0)) => {
          if (worker !== undefined) this.#read(worker.worker, body as FrameHead, numbers)
        },
        synced: () => {
          if (worker !== undefined) this.#endRestart(worker.worker)
        },
        // Messages are handled in their order: what was sent before has been read.
        read: () => true,
        databases: (body) => {
          if (worker !== undefined) this.#options.aggregate.setDatabases(worker.worker, body as Record<string, string>)
        },
        health: (body) => {
          if (worker !== undefined) worker.health = body as HealthReport
        },
        events: (body) => {
          if (worker !== undefined) this.#options.onEvents(worker.slot, body as ReceivedEvent[])
        },
        bye: () => {
          if (worker !== undefined) worker.hasClosed = true
          peer.close()
        },
      },
      (reason) => {
        if (worker !== undefined) this.#end(worker, reason)
      },
    )
  }

  /**
   * Adds up what all processes have recorded until now. Waits for them, but not for one that was late before. Never rejects.
   */
  async collect(): Promise<void> {
    const { own, aggregate } = this.#options
    const answers: Array<Promise<void>> = []
    for (const worker of this.#workers.values()) {
      const { isLate } = worker
      const answer = this.#ask(worker)
      if (!isLate) answers.push(answer)
    }
    const ownAnswer = own.current.collectors.collect()
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, collectTimeoutMs)
      timer.unref()
    })
    await Promise.race([Promise.all([...answers, ownAnswer]), timeout])
    clearTimeout(timer)
    for (const worker of this.#workers.values()) this.#judge(worker)
    await this.feedOwn()
    aggregate.publishGauges()
  }

  /** Sends the addresses of the servers to all. */
  setAddresses(addresses: Addresses): void {
    this.#addresses = addresses
    for (const { peer } of this.#workers.values()) peer.tell('addresses', addresses)
  }

  /** The processes or threads that are connected, and this one. */
  get workers(): WorkerState[] {
    const others = [...this.#workers.values()].map(
      ({ slot, pid, thread, isLate, lastAnswerMs }): WorkerState => ({
        worker: slot,
        pid,
        ...(thread !== 0 && { thread }),
        state: isLate ? 'late' : 'current',
        lastAnswerMs,
      }),
    )
    const own: WorkerState = {
      worker: this.#ownSlot,
      pid: process.pid,
      state: 'current',
      lastAnswerMs: this.#options.clock.nowMs(),
    }
    return [own, ...others].sort((one, other) => Number(one.worker) - Number(other.worker))
  }

  get ownSlot(): string {
    return this.#ownSlot
  }

  /** The last health reports of the others. */
  get health(): WorkerHealth[] {
    return [...this.#workers.values()].flatMap(({ slot, health }) =>
      health === undefined ? [] : [{ worker: slot, report: health }],
    )
  }

  /** Asks all others the same. Resolves to the answers that came in time, by the label of the process. */
  async askAll(name: string, body: unknown, timeoutMs = collectTimeoutMs): Promise<ReadonlyMap<string, unknown>> {
    const answers = new Map<string, unknown>()
    const ask = async ({ peer, slot }: Worker): Promise<void> => {
      try {
        answers.set(slot, await peer.ask(name, body, timeoutMs))
      } catch {
        // A process that is late is named by the health check, and left out here.
      }
    }
    await Promise.all([...this.#workers.values()].filter(({ isLate }) => !isLate).map(ask))
    return answers
  }

  /**
   * Ends the processes that an earlier hub has known and that are not connected to this one.
   *
   * @param onlyIfLeft whether only those are ended that have left something: they have ended for certain.
   */
  endUnconnected({ onlyIfLeft = false } = {}): void {
    const { aggregate, ownWorker } = this.#options
    if (this.#isClosed) return
    for (const worker of aggregate.workers) {
      if (worker === ownWorker || worker === endedWorker || this.#workers.has(worker)) continue
      const left = this.#options.takeLeft?.(worker)
      if (left === undefined && onlyIfLeft) continue
      this.#finish(worker, left)
      this.#metrics.ended(left === undefined ? 'lost' : 'closed')
    }
  }

  close(): void {
    this.#isClosed = true
    this.#unsubscribe()
    for (const { peer } of this.#workers.values()) peer.close()
    this.#workers.clear()
    this.#countWorkers()
  }

  /** @throws Error if the process cannot be added. */
  #welcome(hello: Hello, peer: Peer): { readonly added: Worker; readonly isBaseline: boolean } {
    const { clock, logger, noun, own } = this.#options
    const problem = findProblem(hello, own.current.semconv)
    if (problem !== undefined) {
      this.#metrics.refused()
      logger.warn({ pid: hello.pid, reason: problem }, `a ${noun} is not part of the metrics of this service`)
      throw new Error(problem)
    }
    const { worker } = hello
    this.#workers.get(worker)?.peer.close()
    const { slot, isBaseline } = this.#add(hello)
    const added = {
      ...hello,
      peer,
      slot,
      collecting: undefined,
      restarting: undefined,
      lastAnswerMs: clock.nowMs(),
      isLate: false,
      hasClosed: false,
      health: undefined,
    }
    this.#workers.set(worker, added)
    this.#countWorkers()
    logger.debug({ worker: slot, pid: hello.pid }, `a ${noun} joined`)
    const { lastGeneration, pid, thread } = hello
    if (lastGeneration === 0) this.#options.onChange({ change: 'joined', worker: slot, pid, thread, noun })
    this.#replicate()
    return { added, isBaseline }
  }

  /**
   * Adds a process to the sums. Returns its label, and whether only what it records from now on counts: what an earlier hub has counted
   * must not be counted again.
   */
  #add({ worker, lastGeneration, lastSlot }: Pick<Hello, 'worker' | 'lastGeneration' | 'lastSlot'>): {
    readonly slot: string
    readonly isBaseline: boolean
  } {
    const { aggregate } = this.#options
    const isBaseline = lastGeneration > 0 && !aggregate.has(worker)
    const slot = aggregate.slotOf(worker) ?? this.#freeSlot(lastSlot)
    aggregate.add(worker, slot, this.#process)
    return { slot, isBaseline }
  }

  #read(worker: string, head: FrameHead, numbers: Float64Array): void {
    const { aggregate, registry, replication } = this.#options
    try {
      const ended = aggregate.read(worker, head, numbers)
      replication?.frame(worker, head, numbers)
      replication?.changeEnded(endedWorker, ended)
    } catch (error) {
      registry.recordSourceFailure('the metrics of another process', error)
      this.#askForAll(worker)
    }
  }

  /** Lets a process send everything again, after a frame that could not be read: at most once for each of its answers. */
  #askForAll(worker: string): void {
    const sender = this.#workers.get(worker)
    if (sender === undefined || sender.restarting !== undefined) return
    sender.restarting = sender.peer
      .ask('restart', undefined, collectTimeoutMs)
      .catch(() => undefined)
      .finally(() => {
        sender.restarting = undefined
      })
  }

  readonly #readOwn = ({ numbers, ...head }: Frame): void => this.#read(this.#options.ownWorker, head, numbers)

  #endRestart(worker: string): void {
    const ended = this.#options.aggregate.endRestart(worker)
    this.#options.replication?.endRestart(worker)
    this.#options.replication?.changeEnded(endedWorker, ended)
  }

  async #ask(worker: Worker): Promise<void> {
    worker.collecting ??= worker.peer
      .ask('collect', undefined, maxCollectMs)
      .then(() => {
        worker.lastAnswerMs = this.#options.clock.nowMs()
        if (worker.isLate)
          this.#options.logger.info({ worker: worker.slot, pid: worker.pid }, `a ${this.#options.noun} answers again`)
        worker.isLate = false
      })
      .catch(() => {
        // The connection has ended, which is handled there.
      })
      .finally(() => {
        worker.collecting = undefined
        this.#countWorkers()
      })
    await worker.collecting
  }

  /** Names a process that has not answered. */
  #judge(worker: Worker): void {
    if (worker.collecting === undefined) return
    const { clock, aggregate, logger, noun } = this.#options
    if (!worker.isLate) {
      worker.isLate = true
      this.#countWorkers()
      logger.warn(
        { worker: worker.slot, pid: worker.pid },
        `a ${noun} did not answer within ${collectTimeoutMs} ms: its counters are those of its last answer; its event loop is blocked or its machine is busy`,
      )
    }
    if (clock.nowMs() - worker.lastAnswerMs > gaugeLifetimeMs) aggregate.withdrawGauges(worker.worker)
  }

  #end(worker: Worker, reason: string | undefined): void {
    if (this.#isClosed || this.#workers.get(worker.worker) !== worker) return
    const { logger, noun, replication } = this.#options
    this.#workers.delete(worker.worker)
    const left = this.#options.takeLeft?.(worker.worker)
    this.#finish(worker.worker, left)
    const isLost = !worker.hasClosed && left === undefined
    this.#metrics.ended(isLost ? 'lost' : 'closed')
    this.#countWorkers()
    const { slot, pid, thread } = worker
    this.#options.onChange({ change: isLost ? 'lost' : 'closed', worker: slot, pid, thread, noun })
    const fields = { worker: slot, pid, ...(reason !== undefined && { reason }) }
    if (isLost)
      logger.info(fields, `a ${noun} ended without a chance to send what it recorded last: up to a second of it is missing`)
    else logger.debug(fields, `a ${noun} ended`)
    if (replication?.isWith(worker.peer) === true) {
      replication.stop()
      this.#replicate()
    }
  }

  /** Reads what a process has left, and moves its counters to those of the ended ones. */
  #finish(worker: string, left: Buffer | undefined): void {
    const { aggregate, replication } = this.#options
    if (left !== undefined) this.#readLeft(worker, left)
    const grown = aggregate.end(worker)
    aggregate.publishGauges()
    replication?.end(worker, endedWorker, grown)
  }

  #readLeft(worker: string, left: Buffer): void {
    try {
      for (const { body, numbers } of new MessageDecoder().push(left))
        this.#read(worker, body as FrameHead, numbers ?? new Float64Array(0))
    } catch (error) {
      this.#options.registry.recordSourceFailure('what a process left when it ended', error)
    }
  }

  /** Keeps the copy in the process that has been connected for longest. */
  #replicate(): void {
    const { replication } = this.#options
    const [oldest] = this.#workers.values()
    if (replication === undefined || replication.isRunning || oldest === undefined) return
    void replication.start(oldest.peer)
  }

  /** Threads have one process in common. */
  get #process(): string | undefined {
    return this.#options.noun === 'thread' ? String(process.pid) : undefined
  }

  #freeSlot(wanted?: string): string {
    const { aggregate } = this.#options
    const taken = new Set(aggregate.workers.map((worker) => aggregate.slotOf(worker)))
    if (wanted !== undefined && !taken.has(wanted)) return wanted
    let slot = 1
    while (taken.has(String(slot))) slot++
    return String(slot)
  }

  #countWorkers(): void {
    const late = [...this.#workers.values()].filter(({ isLate }) => isLate).length
    this.#metrics.publish(this.#isClosed ? undefined : { current: this.#workers.size + 1 - late, late })
  }
}

/** A process makes its own. It becomes a part of a path. */
const workerPattern = /^[\w-]{1,100}$/

function findProblem({ protocol, semconv, worker }: Hello, ownSemconv: string): string | undefined {
  if (protocol !== protocolVersion) {
    return 'it runs another version of @wombat/monitor: restart all processes of the service with the same version'
  }
  if (!workerPattern.test(worker)) return 'it does not say which process it is'
  if (semconv !== ownSemconv)
    return `its option semconv is "${semconv}" and that of the others is "${ownSemconv}": use the same in all processes`
  return undefined
}
