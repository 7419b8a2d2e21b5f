// A process with a custom metric: it creates a series for each of many label sets, reports the rejected ones, and keeps serving.
import { type Addresses, startMonitoring } from '@wombat/monitor'
import { createUnusualLabels } from './unusual-labels.ts'

export interface LabelProcessOptions {
  readonly seed: number
  readonly count: number
  readonly otlpUrl: string
}

export interface LabelProcessResult {
  readonly addresses: Addresses
  /** The errors of the rejected label sets, by their index. */
  readonly refused: Readonly<Record<number, string>>
}

/** Longer than the test: ends a process that its parent left behind. */
const mostMs = 60_000
const exit = () => process.exit()
process.on('disconnect', exit)
setTimeout(exit, mostMs).unref()

const { seed, count, otlpUrl } = JSON.parse(process.argv[2] ?? '{}') as LabelProcessOptions
const monitoring = await startMonitoring({
  prometheusEnabled: true,
  prometheusPort: 0,
  jsonApiPort: 0,
  otlp: { url: otlpUrl, compression: 'gzip', intervalMs: 500 },
})
monitoring.registry.declare({
  name: 'wild_labels_total',
  kind: 'counter',
  unit: '{label}',
  description: 'Series with unusual labels; the value is the number of the series.',
  attributes: ['value', 'other'],
})
const refused: Record<number, string> = {}
for (const [index, labels] of createUnusualLabels(seed, count).entries()) {
  try {
    // The value identifies the label set, even if its labels were changed.
    monitoring.registry.counter('wild_labels_total', labels).add(index + 1)
  } catch (error) {
    refused[index] = String(error)
  }
}
process.send?.({ addresses: monitoring.addresses, refused } satisfies LabelProcessResult)
