// A process of its own with a metric of its user's: it binds a series to each of many labels, says which were refused, and serves on.
import { type Addresses, startMonitoring } from '@wombat/monitor'
import { createUnusualLabels } from './unusual-labels.ts'

export interface LabelProcessOptions {
  readonly seed: number
  readonly count: number
  readonly otlpUrl: string
}

export interface LabelProcessResult {
  readonly addresses: Addresses
  /** The complaint about each that was refused, by its index. */
  readonly refused: Readonly<Record<number, string>>
}

/** No test takes as long, so a process that is still there was forgotten. */
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
  description: 'Series whose labels are anything, each with its number.',
  attributes: ['value', 'other'],
})
const refused: Record<number, string> = {}
for (const [index, labels] of createUnusualLabels(seed, count).entries()) {
  try {
    // Its count says which one it was, whatever became of the labels.
    monitoring.registry.counter('wild_labels_total', labels).add(index + 1)
  } catch (error) {
    refused[index] = String(error)
  }
}
process.send?.({ addresses: monitoring.addresses, refused } satisfies LabelProcessResult)
