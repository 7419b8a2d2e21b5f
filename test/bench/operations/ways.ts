import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { MetricsRegistry } from '@wombat/instrumentation'
import { openTelemetryRecorder } from '../recording/opentelemetry.ts'
import { clients, promClientRecorders } from '../recording/prom-client.ts'
import { QuietReader } from '../recording/quiet-reader.ts'
import { bare } from './bare.ts'
import { byHand } from './by-hand.ts'
import type { Operations, Store } from './operations.ts'
import { switchable } from './switchable.ts'

/** One variant of measuring a store, or of not measuring it. */
export interface Way {
  readonly name: string
  readonly operations: Operations
  readonly begin?: () => void
  readonly end?: () => void
}

/** Returns every variant for the same store. */
export function createWays(store: Store): Way[] {
  const operations = bare(store)
  const { measure, rest } = switchable(store, new MetricsRegistry())
  const client = clients['@prometheus-io/client']
  const register = new client.Registry()
  const meter = new MeterProvider({ readers: [new QuietReader(), new QuietReader(), new QuietReader()] }).getMeter('bench')
  const spent = { seconds: 0 }
  const add = (seconds: number): void => {
    spent.seconds += seconds
  }
  return [
    { name: 'bare', operations },
    // The control: its ratio differs from 1 only by noise.
    { name: 'bare again', operations },
    { name: 'instrumented', operations, begin: measure, end: rest },
    // What nothing that times operations can be below.
    { name: 'two clock readings by hand', operations: byHand(operations, () => ({ succeed: add, fail: add })) },
    {
      name: 'by hand with @prometheus-io/client',
      operations: byHand(operations, (operation) => promClientRecorders(register, operation, client)('bench')),
    },
    {
      name: 'by hand with OpenTelemetry, three readers',
      operations: byHand(operations, (operation) => openTelemetryRecorder(meter, operation, 'bench')),
    },
  ]
}
