import { latencyBounds, type Operation } from '@wombat/instrumentation'
import { Counter, Histogram, type Registry } from 'prom-client'
import type { Recorder } from './recorder.ts'

/**
 * Creates the three metrics of an operation with prom-client, with Wombat's names and bounds. Returns a function that binds the
 * label of a store once: prom-client is slower if each record passes the labels.
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
