import * as successor from '@prometheus-io/client'
import { latencyBounds, operations } from '@wombat/instrumentation'
import * as promClient from 'prom-client'

/** A registry with the same series as Wombat's. */
export interface TheirStores {
  text(): Promise<string>
}

/** Creates the same series with prom-client. */
export function promClientStores(stores: readonly string[], durations: Float64Array): TheirStores {
  const register = new promClient.Registry()
  fill({ ...promClient, register }, stores, durations)
  return { text: () => register.metrics() }
}

/** Creates the same series with @prometheus-io/client, the successor of prom-client. */
export function successorStores(stores: readonly string[], durations: Float64Array): TheirStores {
  const register = new successor.Registry()
  fill(
    { ...(successor as unknown as typeof promClient), register: register as unknown as promClient.Registry },
    stores,
    durations,
  )
  return { text: async () => register.metrics() }
}

type Client = Pick<typeof promClient, 'Counter' | 'Histogram'> & { readonly register: promClient.Registry }

function fill({ Counter, Histogram, register }: Client, stores: readonly string[], durations: Float64Array): void {
  for (const operation of operations) {
    const shared = { help: operation, labelNames: ['store'], registers: [register] }
    const counter = new Counter({ ...shared, name: `db_${operation}_operations_total` })
    const errors = new Counter({ ...shared, name: `db_${operation}_errors_total` })
    const latency = new Histogram({ ...shared, name: `db_${operation}_latency_seconds`, buckets: [...latencyBounds] })
    for (const store of stores) {
      counter.labels(store).inc(durations.length)
      errors.labels(store).inc(0)
      for (const seconds of durations) latency.labels(store).observe(seconds)
    }
  }
  for (const operation of ['batch', 'scan']) {
    const entries = new Counter({
      name: `db_${operation}_entries_total`,
      help: operation,
      labelNames: ['store'],
      registers: [register],
    })
    for (const store of stores) entries.labels(store).inc(durations.length)
  }
}
