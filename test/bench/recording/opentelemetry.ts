import type { Meter } from '@opentelemetry/api'
import { latencyBounds, type Operation } from '@wombat/instrumentation'
import type { Recorder } from './recorder.ts'

/** Creates the three metrics of an operation with OpenTelemetry's instruments, with Wombat's names and bounds. */
export function openTelemetryRecorder(meter: Meter, operation: Operation, store: string): Recorder {
  const advice = { explicitBucketBoundaries: [...latencyBounds] }
  const operations = meter.createCounter(`db_${operation}_operations_total`)
  const errors = meter.createCounter(`db_${operation}_errors_total`)
  const latency = meter.createHistogram(`db_${operation}_latency_seconds`, { unit: 's', advice })
  const attributes = { store }
  const succeed = (seconds: number): void => {
    operations.add(1, attributes)
    latency.record(seconds, attributes)
  }
  return {
    succeed,
    fail(seconds) {
      succeed(seconds)
      errors.add(1, attributes)
    },
  }
}
