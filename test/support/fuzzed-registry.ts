import type { Labels, MetricDefinition, MetricsRegistry } from '@wombat/instrumentation'
import { randomFrom } from './random.ts'

const oddCharacters = [
  '"',
  '\\',
  '\n',
  '{',
  '}',
  ',',
  '=',
  ' ',
  '#',
  'é',
  '日',
  '🐹',
  '\u0000',
  '\r',
  '\u2028',
  'n',
  'a',
  '_',
  '0',
]
const magnitudes = [0, 1, 2 ** 31, 2 ** 53, 1e21, 1e22, 1e-6, 1e-7, 5e-324, 1.7e308, 0.1 + 0.2, 123_456.789]

/** Fills a registry with series of metrics of all kinds, with unusual labels and values. Equal seeds give equal series. */
export function fuzzRegistry(registry: MetricsRegistry, seed: number, seriesCount: number): void {
  const random = randomFrom(seed)
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T
  const value = (): number => (random() < 0.5 ? Math.floor(random() * 1e6) : pick(magnitudes) * (random() < 0.5 ? 1 : random()))
  const text = (): string => Array.from({ length: 1 + Math.floor(random() * 6) }, () => pick(oddCharacters)).join('')
  const kinds = ['counter', 'gauge', 'histogram', 'summary'] as const
  const units = ['s', 'By', '{item}', '1']
  const definitions = Array.from({ length: 40 }, (_, index): MetricDefinition => {
    const kind = kinds[index % kinds.length] ?? 'counter'
    const unit = kind === 'gauge' ? (units[index % 3] ?? 's') : pick(units)
    const word = { s: '_seconds', By: '_bytes' }[unit] ?? ''
    return {
      name: `fuzz_${seed}_${index}${word}${kind === 'counter' ? '_total' : ''}`,
      kind,
      unit,
      description: `${text()}x`,
      attributes: ['zone', 'Alpha', 'shard_id'].slice(0, index % 4),
      ...((kind === 'histogram' || kind === 'summary') &&
        index % 8 > 3 && { bounds: [1e-9, 0.001, 0.5, 1, 2.5, 1000, 1e6, 1e21] }),
    }
  })
  for (const definition of definitions) registry.declare(definition)
  for (let count = 0; count < seriesCount; count++) {
    const { name, kind, attributes } = pick(definitions)
    const labels: Labels = Object.fromEntries(attributes.map((key) => [key, text()]))
    if (kind === 'counter') registry.incrementCounter(name, value(), labels)
    else if (kind !== 'gauge') for (let left = random() * 20; left > 1; left--) registry.recordHistogram(name, value(), labels)
    else if (random() < 0.1) registry.gauge(name, labels).observe(() => (random() < 2 ? 42 : undefined))
    else registry.setGaugeWithLabels(name, random() < 0.2 ? -value() : value(), labels)
    // A series without a value, and one of a histogram without values.
    if (random() < 0.05 && kind === 'gauge') registry.gauge(name, labels).set(undefined)
    if (kind === 'histogram') registry.histogram(name, labels)
  }
}
