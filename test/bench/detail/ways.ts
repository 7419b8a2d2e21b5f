import { AlwaysOnSampler, TracerProvider } from '@opentelemetry/sdk-trace'
import { MetricsRegistry } from '@wombat/instrumentation'
import { bare } from '../operations/bare.ts'
import type { Store } from '../operations/operations.ts'
import { switchable } from '../operations/switchable.ts'
import type { Way } from '../operations/ways.ts'

/** Returns variants of measuring the same store: bare, instrumented, sampled and traced. */
export function createDetailWays(store: Store): Way[] {
  const operations = bare(store)
  const registry = new MetricsRegistry()
  const { measure, rest } = switchable(store, registry)
  const { observer } = registry
  const tracer = new TracerProvider({ sampler: new AlwaysOnSampler() }).getTracer('bench')
  return [
    { name: 'bare', operations },
    { name: 'bare again', operations },
    { name: 'instrumented', operations, begin: measure, end: rest },
    {
      name: 'instrumented, one in 16 timed',
      operations,
      begin() {
        observer.sampleInterval = 16
        measure()
      },
      end() {
        observer.sampleInterval = 1
        rest()
      },
    },
    {
      name: 'instrumented, with spans that are not exported',
      operations,
      begin() {
        observer.tracer = tracer
        measure()
      },
      end() {
        observer.tracer = undefined
        rest()
      },
    },
  ]
}
