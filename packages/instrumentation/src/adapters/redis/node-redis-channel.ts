import { type TracingChannelSubscribers, tracingChannel } from 'node:diagnostics_channel'
import type { RedisCall, RedisOperations } from './redis-operations.ts'

/** What `@redis/client` publishes of a command or a batch. Its arguments are left alone: they contain keys. */
interface Trace {
  readonly clientId?: string
  /** The name of a command in upper case. */
  readonly command?: string
  readonly batchMode?: 'PIPELINE' | 'MULTI'
  readonly batchSize?: number
  readonly result?: unknown
  readonly error?: unknown
  [callKey]?: RedisCall
}

/** Where a published object keeps its call until it settles. */
const callKey = Symbol('@wombat/instrumentation call')

/** A client that is measured. */
export interface ChannelClient {
  readonly calls: RedisOperations
  /** Whether an operation that begins now is measured. */
  isMeasuring: () => boolean
  onConnected(): void
  onConnectFailed(error: unknown): void
}

/** The measured clients by the id that the client gives itself. Not strongly: a client that is dropped must be collectable. */
const clients = new Map<string, WeakRef<ChannelClient>>()
let unsubscribe: (() => void) | undefined

/**
 * Passes what a client of `@redis/client` publishes to its recorder. The process subscribes with the first client and unsubscribes
 * after the last one. The caller keeps `client` alive. Returns a function that ends it.
 */
export function followClient(clientId: string, client: ChannelClient): () => void {
  const reference = new WeakRef(client)
  clients.set(clientId, reference)
  unsubscribe ??= subscribe()
  return () => {
    if (clients.get(clientId) === reference) clients.delete(clientId)
    if (clients.size > 0) return
    unsubscribe?.()
    unsubscribe = undefined
  }
}

function subscribe(): () => void {
  const channels = (['command', 'batch', 'connect'] as const).map((name) => {
    const channel = tracingChannel<unknown, Trace>(`node-redis:${name}`)
    const subscriber = name === 'connect' ? connectSubscriber : createSubscriber(name)
    channel.subscribe(subscriber)
    return [channel, subscriber] as const
  })
  return () => {
    for (const [channel, subscriber] of channels) channel.unsubscribe(subscriber)
  }
}

type Subscriber = TracingChannelSubscribers<Trace>

function findClient({ clientId }: Trace): ChannelClient | undefined {
  return clientId === undefined ? undefined : clients.get(clientId)?.deref()
}

const ignore = (): void => {}

function createSubscriber(kind: 'command' | 'batch'): Subscriber {
  return {
    start(trace) {
      // The commands of a batch are part of it.
      if (kind === 'command' && trace.batchMode !== undefined) return
      const client = findClient(trace)
      if (client === undefined || !client.isMeasuring()) return
      const call =
        kind === 'command'
          ? client.calls.begin((trace.command ?? '').toLowerCase())
          : client.calls.beginBatch(trace.batchSize ?? 0, trace.batchMode === 'MULTI')
      if (call !== undefined) trace[callKey] = call
    },
    // Published when the call has returned; with an error only if it threw.
    end({ [callKey]: call, error }) {
      if (error !== undefined) call?.failed(error)
    },
    asyncStart: ignore,
    // Published once, whether the promise was fulfilled or rejected; `error` is published in addition.
    asyncEnd({ [callKey]: call, error, result }) {
      if (call === undefined) return
      if (error === undefined) call.succeeded(result)
      else call.failed(error)
    },
    error: ignore,
  }
}

const connectSubscriber: Subscriber = {
  start: ignore,
  end: ignore,
  asyncStart: ignore,
  asyncEnd(trace) {
    const client = findClient(trace)
    if (trace.error === undefined) client?.onConnected()
    else client?.onConnectFailed(trace.error)
  },
  error: ignore,
}
