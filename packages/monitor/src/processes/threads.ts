import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import workerThreads, { isMainThread, MessageChannel, MessagePort, setEnvironmentData, threadId } from 'node:worker_threads'
import { threadMonitorKey } from '@wombat/instrumentation/internal'
import type { Component } from '../component.ts'
import type { EventLog } from '../events/event-log.ts'
import { Aggregate } from './aggregate.ts'
import { Hub, type HubOptions, type SumOptions } from './hub.ts'
import { Link, type LinkOptions } from './link.ts'
import type { MessageHandler } from './peer.ts'
import type { WorkerHealth, WorkerState } from './protocol.ts'
import { RegistrySource } from './registry-source.ts'
import { portTransport } from './transport.ts'

const mainThread = 0
/** The main thread may be blocked, for example by its own start. */
const connectTimeoutMs = 5000

/** What a thread sends to the main thread to be part of its monitoring. */
interface JoinRequest {
  readonly wombat: 'join'
  readonly port: MessagePort
}

/** The registry of `source` is replaced when the first thread joins. */
export interface ThreadHostOptions extends SumOptions {
  /** What a thread starts with. */
  readonly threadConfig: object
  /** Handles further messages of the threads. */
  readonly handlers: Readonly<Record<string, MessageHandler>>
  readonly events: EventLog
  readonly onWorkerChange: HubOptions['onChange']
  /** Called before the first thread is added. */
  readonly onFirstThread: () => void
}

/**
 * Adds up the stores of the worker threads with those of the main thread, whose monitoring they have. A thread joins when it measures its
 * first store, or starts a monitoring.
 */
export class ThreadHost implements Component {
  readonly #options: ThreadHostOptions
  #hub: Hub | undefined

  constructor(options: ThreadHostOptions) {
    this.#options = options
  }

  start(): void {
    if (!isMainThread) return
    // Threads get a copy when they are created.
    setEnvironmentData(threadMonitorKey, { module: findThreadModule(), config: this.#options.threadConfig })
    process.on('workerMessage', this.#onMessage)
  }

  close(): void {
    if (!isMainThread) return
    setEnvironmentData(threadMonitorKey, undefined)
    process.off('workerMessage', this.#onMessage)
    this.#hub?.close()
  }

  /** The threads that are connected. */
  get workers(): readonly WorkerState[] {
    return this.#hub?.workers.filter(({ thread }) => thread !== undefined) ?? []
  }

  /** The label of the main thread among the threads; undefined if there are none. */
  get ownWorker(): string | undefined {
    return this.#hub?.ownSlot
  }

  get health(): readonly WorkerHealth[] {
    return this.#hub?.health ?? []
  }

  /** Asks all threads the same; resolves to the answers by label. */
  async askAll(name: string, body: unknown): Promise<ReadonlyMap<string, unknown>> {
    return (await this.#hub?.askAll(name, body)) ?? new Map()
  }

  readonly #onMessage = (value: unknown): void => {
    if (!isJoinRequest(value)) return
    const { port } = value
    this.#hub ??= this.#createHub()
    this.#hub.accept((events) => portTransport(port, events))
  }

  #createHub(): Hub {
    const { source, registry, registryOptions, hasWorkerLabel, logger, clock, handlers, onFirstThread, events, onWorkerChange } =
      this.#options
    onFirstThread()
    const aggregate = new Aggregate({ registryOptions, hasWorkerLabel })
    const own = source.current
    const hub = new Hub({
      aggregate,
      own: new RegistrySource(own),
      ownWorker: 'main',
      registry,
      logger,
      clock,
      generation: 1,
      handlers,
      onEvents: (worker, received) => events.receive(worker, received, 'thread'),
      onChange: onWorkerChange,
      noun: 'thread',
    })
    hub.start()
    source.replace(aggregate.registry)
    return hub
  }
}

/** Returns the address of the module that starts the monitoring of a thread. */
function findThreadModule(): string {
  return pathToFileURL(createRequire(import.meta.url).resolve('@wombat/monitor/thread')).href
}

function isJoinRequest(value: unknown): value is JoinRequest {
  const { wombat, port } = (typeof value === 'object' && value !== null ? value : {}) as Partial<JoinRequest>
  return wombat === 'join' && port instanceof MessagePort
}

/**
 * Connects this thread to the monitoring of the main thread. Resolves to undefined if the main thread has none.
 *
 * @throws Error if the main thread does not accept this one.
 */
export async function joinMainThread(options: Omit<LinkOptions, 'thread'>): Promise<Link | undefined> {
  const { port1, port2 } = new MessageChannel()
  try {
    const request: JoinRequest = { wombat: 'join', port: port2 }
    // Not imported by name: an older Node, which gets a plain error elsewhere, does not have it.
    await workerThreads.postMessageToThread(mainThread, request, [port2], connectTimeoutMs)
  } catch {
    port1.close()
    return undefined
  }
  const link = new Link(
    (events) => portTransport(port1, events),
    { ...options, thread: threadId },
    { lastGeneration: 0, slot: undefined, replica: undefined },
  )
  await link.start()
  return link
}
