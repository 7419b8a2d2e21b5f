import { latencyBounds, type Operation } from '@wombat/instrumentation'
import { Counter, Histogram, type Registry } from 'prom-client'
import type { Recorder } from './recorder.ts'

/**
 * The three metrics of an operation with prom-client, under our names and bounds. What it gives back binds a store's label
 * once: prom-client is slower by name.
 */
export function promClientRecorders(register: Registry, operation: Operation): (store: string) => Recorder {
  const shared = { help: operation, labelNames: ['store'], registers: [register] }
  const operations = new Counter({ ...shared, name: `db_${operation}_operations_total` })
  const errors = new Counter({ ...shared, name: `db_${operation}_errors_total` })
  const latency = new Histogram({ ...shared, name: `db_${operation}_latency_seconds`, buckets: [...latencyBounds] })
  return (store) => {
    const [counted, failed, timed] = [operations.labels(store), errors.labels(store), latency.labels(store)]
    failed.inc(0)
    const succeed = (seconds: number): void => {
      counted.inc()
      timed.observe(seconds)
    }
    return {
      succeed,
      fail(seconds) {
        succeed(seconds)
        failed.inc()
      },
    }
  }
}
