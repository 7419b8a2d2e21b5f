import * as sdk3 from '@opentelemetry/sdk-metrics'
import * as sdk2 from 'sdk-metrics2'
import type { Case } from '../comparison.ts'
import { openTelemetryRecorder } from '../recording/opentelemetry.ts'
import { QuietReader } from '../recording/quiet-reader.ts'

/** The same as `QuietReader`, for version 2. */
class QuietReader2 extends sdk2.MetricReader {
  protected override async onForceFlush(): Promise<void> {}

  protected override async onShutdown(): Promise<void> {}
}

/** Records with the synchronous instruments of OpenTelemetry's SDK, which has separate storage for each reader. */
export function openTelemetry(name: string, readerCount: number, values: Float64Array, version: 2 | 3 = 3): Case {
  const [provider, readers] = version === 3 ? createProvider3(readerCount) : createProvider2(readerCount)
  const recorder = openTelemetryRecorder(provider.getMeter('bench'), 'get', 'bench')
  return {
    name,
    before: async () => {
      for (const reader of readers) await reader.collect()
    },
    pass() {
      for (const seconds of values) recorder.succeed(seconds)
    },
  }
}

function createProvider3(readerCount: number) {
  const readers = Array.from({ length: readerCount }, () => new QuietReader())
  return [new sdk3.MeterProvider({ readers }), readers] as const
}

function createProvider2(readerCount: number) {
  const readers = Array.from({ length: readerCount }, () => new QuietReader2())
  return [new sdk2.MeterProvider({ readers }), readers] as const
}
