import { operations } from '../../metrics/semconv.ts'
import { type Method, MethodPatch } from '../../operations/method-patch.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import { followResult, observeResult } from '../../operations/wrap-method.ts'
import type { StoreState } from '../../registry/store-binding.ts'
import type { StoreAdapter } from '../adapter.ts'
import { redisErrorCodes } from './errors.ts'
import { type RedisCall, RedisOperations, redisMetricNames } from './redis-operations.ts'

/** The parts of an ioredis client that the adapter uses; the package itself is not loaded. */
interface Client {
  readonly status: string
  readonly condition?: { readonly subscriber?: unknown } | null
  get(key: string): Promise<unknown>
}

/** A command that is passed to `sendCommand`, possibly several times: again after a reconnection, for example. */
interface Command {
  readonly name: string
  readonly args: readonly unknown[]
  /** Set if the caller passed a callback: then it does not use the promise. */
  readonly callback?: unknown
  readonly promise: Promise<unknown>
}

interface Pipeline {
  readonly isPipeline: true
  readonly _queue: ReadonlyArray<{ readonly name: string }>
  readonly promise: Promise<unknown>
}

/**
 * Clients of ioredis 4, 5 and 6 and of iovalkey, of one server, of sentinels and of a cluster. A command is measured from the call until its
 * reply, with the time it waits for a connection. A pipeline or a transaction (`multi`) is one batch; with `enableAutoPipelining`, the
 * commands are measured, not the pipelines.
 *
 * ioredis publishes its commands to a TracingChannel since 5.11, which is not used: as soon as anyone subscribes, ioredis marks every
 * rejection as handled, and the process no longer reports those that the application forgot.
 */
export const ioredis: StoreAdapter<Client> = {
  name: 'ioredis',
  packages: { ioredis: '4, 5, 6', iovalkey: '0' },
  operations,
  engineMetrics: { redis: redisMetricNames },
  errorCodes: redisErrorCodes,

  matches(store): store is Client {
    const client = store as Partial<Record<string, unknown>>
    const methods = ['sendCommand', 'pipeline', 'multi', 'duplicate', 'disconnect', 'defineCommand']
    return methods.every((name) => typeof client[name] === 'function') && typeof client['status'] === 'string'
  },

  engine: () => 'redis',

  instrument(client, context) {
    const calls = new RedisOperations(context)
    const patch = context.patch(client)
    patch.replace('sendCommand', (original) => wrapSendCommand(context, calls, original))
    for (const method of ['pipeline', 'multi']) patch.replace(method, (original) => wrapPipeline(context, calls, original))
    patch.replace('connect', (original) => wrapConnect(context, original))
    return {
      state: () => readState(client),
      // Read only: a write would need the right to write, could evict an entry, and is replicated.
      probe: () =>
        client.condition?.subscriber ? undefined : { read: (key) => context.withoutMeasuring(() => readText(client, key)) },
      detach: () => patch.undo(),
    }
  },
}

function readState({ status }: Client): StoreState {
  if (status === 'ready') return 'open'
  return status === 'end' ? 'closed' : 'opening'
}

async function readText(client: Client, key: string): Promise<string | undefined> {
  const value = await client.get(key)
  return typeof value === 'string' ? value : undefined
}

function wrapSendCommand(context: StoreContext, calls: RedisOperations, original: Method): Method {
  const begun = new WeakSet<object>()
  return function (...args) {
    const [command, stream] = args as unknown as [Command, object | null | undefined]
    // Only the commands of a pipeline are written to another stream than the client's.
    const isPart = typeof stream === 'object' && stream !== null
    if (isPart || !context.isMeasuring || !isCommand(command) || begun.has(command)) return original.apply(this, args)
    begun.add(command)
    const call = calls.begin(command.name.toLowerCase(), command.args)
    if (call === undefined) return original.apply(this, args)
    return runAndSettle(call, typeof command.callback === 'function', original, this, args)
  }
}

/** Wraps a method that creates pipelines. `multi({ pipeline: false })` returns a promise instead. */
function wrapPipeline(context: StoreContext, calls: RedisOperations, original: Method): Method {
  return function (...args) {
    const pipeline: unknown = original.apply(this, args)
    if (context.isMeasuring && isPipeline(pipeline)) measurePipeline(context, calls, pipeline)
    return pipeline
  }
}

function measurePipeline(context: StoreContext, calls: RedisOperations, pipeline: Pipeline): void {
  let isBegun = false
  const patch = new MethodPatch(pipeline)
  // ioredis keeps the state of an automatic pipeline under symbols, from before its first command on.
  const isAutomatic = (): boolean => Object.getOwnPropertySymbols(pipeline).length > 0
  patch.replace('sendCommand', (original) => {
    return function (...args) {
      const [command] = args as unknown as [Command]
      const call =
        context.isMeasuring && isCommand(command) && isAutomatic()
          ? calls.begin(command.name.toLowerCase(), command.args)
          : undefined
      // The pipeline handles the promise, and answers its callers with others.
      if (call !== undefined) command.promise.then(call.succeeded, call.failed)
      return original.apply(this, args)
    }
  })
  patch.replace('exec', (original) => {
    return function (...args) {
      // It calls itself to try again.
      if (isBegun || !context.isMeasuring || isAutomatic()) return original.apply(this, args)
      isBegun = true
      const isTransaction = pipeline._queue[0]?.name === 'multi'
      const entries = pipeline._queue.filter(({ name }) => name !== 'multi' && name !== 'exec').length
      const call = calls.beginBatch(entries, isTransaction)
      const settle = (result: unknown): void => {
        const failure = isTransaction ? undefined : findFailure(result)
        if (failure === undefined) call.succeeded(result)
        else call.failed(failure)
      }
      const pending = { succeeded: settle, failed: call.failed }
      return runAndSettle(pending, typeof args.at(-1) === 'function', original, this, args)
    }
  })
}

/** Returns the first error among the results of a pipeline, each an array of error and reply. */
function findFailure(results: unknown): unknown {
  if (!Array.isArray(results)) return undefined
  const failed = results.find((result) => Array.isArray(result) && result[0] instanceof Error)
  return failed === undefined ? undefined : (failed as unknown[])[0]
}

/** What is told how a call ended. */
type Settleable = Pick<RedisCall, 'succeeded' | 'failed'>

/** Connecting is not an operation; only its failures are counted. */
function wrapConnect(context: StoreContext, original: Method): Method {
  return function (...args) {
    const result = original.apply(this, args)
    if (!(result instanceof Promise)) return result
    return followResult(result, {
      succeeded: () => context.recordOpened(),
      failed: (error) => context.recordLifecycleError('open', error),
    })
  }
}

/**
 * Calls a method of the client, and settles the operation with the promise that it returns. With a callback, the client's callers do not
 * use that promise, and no other code handles its rejection.
 */
function runAndSettle(pending: Settleable, hasCallback: boolean, original: Method, receiver: unknown, args: never[]): unknown {
  let result: unknown
  try {
    result = original.apply(receiver, args)
  } catch (error) {
    pending.failed(error)
    throw error
  }
  if (!(result instanceof Promise)) return result
  return hasCallback ? observeResult(result, pending) : followResult(result, pending)
}

function isCommand(value: unknown): value is Command {
  if (typeof value !== 'object' || value === null) return false
  const { name, promise } = value as Partial<Command>
  return typeof name === 'string' && promise instanceof Promise
}

function isPipeline(value: unknown): value is Pipeline {
  if (typeof value !== 'object' || value === null || !Object.isExtensible(value)) return false
  const { isPipeline: flag, _queue } = value as Partial<Pipeline>
  return flag === true && Array.isArray(_queue)
}
