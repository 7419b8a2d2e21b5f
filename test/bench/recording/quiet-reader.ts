import { MetricReader } from '@opentelemetry/sdk-metrics'

/** A reader without a timer: it collects on request only, so it does not disturb a measurement. */
export class QuietReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}

  protected override async onShutdown(): Promise<void> {}
}

/** Collects between passes, as in a service: a reader that never collects might hold its data in another form. */
export async function collectAll(readers: readonly MetricReader[]): Promise<void> {
  for (const reader of readers) await reader.collect()
}
