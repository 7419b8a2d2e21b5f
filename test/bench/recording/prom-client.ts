import * as successor from '@prometheus-io/client'
import { latencyBounds, type Operation } from '@wombat/instrumentation'
import * as promClient from 'prom-client'
import type { Recorder } from './recorder.ts'

/** prom-client, or its successor, which has the same classes. */
export type Client = Pick<typeof promClient, 'Counter' | 'Histogram' | 'Registry'>

export const clients = {
  'prom-client': promClient,
  '@prometheus-io/client': successor as unknown as Client,
} satisfies Readonly<Record<string, Client>>

/**
 * Creates the three metrics of an operation with one of these clients, with Wombat's names and bounds. Returns a function that binds
 * the label of a store once: they are slower if each record passes the labels.
 */
export function promClientRecorders(
  register: promClient.Registry,
  operation: Operation,
  { Counter, Histogram }: Client,
): (store: string) => Recorder {
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
