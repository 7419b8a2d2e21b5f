import { operations } from '@wombat/instrumentation'
import { Counter, Registry } from 'prom-client'
import { promClientRecorders } from '../recording/prom-client.ts'

/** Creates the same series with prom-client. */
export function promClientStores(stores: readonly string[], durations: Float64Array) {
  const register = new Registry()
  for (const operation of operations) {
    const findRecorder = promClientRecorders(register, operation)
    for (const store of stores) {
      const recorder = findRecorder(store)
      for (const seconds of durations) recorder.succeed(seconds)
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
  return { text: (): Promise<string> => register.metrics() }
}
