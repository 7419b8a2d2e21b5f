import { MeterProvider } from '@opentelemetry/sdk-metrics'
import type { Case } from '../comparison.ts'
import { openTelemetryRecorder } from '../recording/opentelemetry.ts'
import { collectAll, QuietReader } from '../recording/quiet-reader.ts'

/** Records with the synchronous instruments of OpenTelemetry's SDK, which has separate storage for each reader. */
export function openTelemetry(name: string, readerCount: number, values: Float64Array): Case {
  const readers = Array.from({ length: readerCount }, () => new QuietReader())
  const recorder = openTelemetryRecorder(new MeterProvider({ readers }).getMeter('bench'), 'get', 'bench')
  return {
    name,
    before: () => collectAll(readers),
    pass() {
      for (const seconds of values) recorder.succeed(seconds)
    },
  }
}
