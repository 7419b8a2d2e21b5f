import type { CatalogMetric } from '../../api/types.ts'

/**
 * Returns the metrics that have all words of a text in their name, description, unit, kind or labels: those with series first, and of them
 * those whose name fits best.
 */
export function searchMetrics(metrics: readonly CatalogMetric[], text: string): readonly CatalogMetric[] {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
  return metrics
    .map((metric) => ({ metric, rank: rankOf(metric, words) }))
    .filter(({ rank }) => rank < noMatch)
    .sort((a, b) => Number(b.metric.series > 0) - Number(a.metric.series > 0) || a.rank - b.rank)
    .map(({ metric }) => metric)
}

const noMatch = 4

/** Returns how well a metric fits, the best first. Equal ones keep their order. */
function rankOf({ name, description = '', unit = '', kind, labels }: CatalogMetric, words: readonly string[]): number {
  const lower = name.toLowerCase()
  if (words.length === 1 && lower === words[0]) return 0
  if (words.every((word) => lower.split(/[_.:]/).some((part) => part.startsWith(word)) || lower.startsWith(word))) return 1
  if (words.every((word) => lower.includes(word))) return 2
  const all = [lower, description.toLowerCase(), unit.toLowerCase(), kind, ...labels].join(' ')
  return words.every((word) => all.includes(word)) ? 3 : noMatch
}
