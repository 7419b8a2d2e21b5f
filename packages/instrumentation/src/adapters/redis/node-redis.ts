import { operations } from '../../metrics/semconv.ts'
import type { StoreState } from '../../registry/store-binding.ts'
import type { StoreAdapter } from '../adapter.ts'
import { redisErrorCodes } from './errors.ts'
import { type ChannelClient, followClient } from './node-redis-channel.ts'
import { RedisOperations, redisMetricNames } from './redis-operations.ts'

/** The parts of a client of `@redis/client` that the adapter uses; the package itself is not loaded. */
interface Client {
  readonly isOpen: boolean
  readonly isReady: boolean
  /** The id in everything that the client publishes. */
  readonly _clientId: string
  get(key: string): Promise<unknown>
}

/**
 * Clients of `@redis/client` (the package `redis`) from 5.12 on, which publish their commands: nothing of the client is patched. A
 * command is measured from the call until its reply, with the time it waits for a connection. A pipeline or a transaction is one batch.
 * A pool and a cluster consist of such clients; only these are measured.
 */
export const nodeRedis: StoreAdapter<Client> = {
  name: 'redis',
  packages: { '@redis/client': '5, 6', redis: '5, 6' },
  operations,
  engineMetrics: { redis: redisMetricNames },
  errorCodes: redisErrorCodes,

  matches(store): store is Client {
    const client = store as Partial<Record<string, unknown>>
    const methods = ['sendCommand', 'connect', 'duplicate', 'multi', 'destroy']
    return methods.every((name) => typeof client[name] === 'function') && typeof client['_clientId'] === 'string'
  },

  engine: () => 'redis',

  instrument(client, context) {
    const calls = new RedisOperations(context)
    const channelClient: ChannelClient = {
      calls,
      isMeasuring: () => context.isMeasuring,
      onConnected: () => context.recordOpened(),
      onConnectFailed: (error) => context.recordLifecycleError('open', error),
    }
    const stop = followClient(client._clientId, channelClient)
    context.closeOnRelease({ close: stop })
    return {
      state: () => readState(client),
      // Read only: a write would need the right to write, could evict an entry, and is replicated.
      probe: () => ({ read: (key) => context.withoutMeasuring(() => readText(client, key)) }),
      // The client owns the binding, and so what receives its events.
      detach: () => {
        stop()
        channelClient.isMeasuring = () => false
      },
    }
  },
}

function readState({ isReady, isOpen }: Client): StoreState {
  if (isReady) return 'open'
  return isOpen ? 'opening' : 'closed'
}

async function readText(client: Client, key: string): Promise<string | undefined> {
  const value = await client.get(key)
  return typeof value === 'string' ? value : undefined
}
