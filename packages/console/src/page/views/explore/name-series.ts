import type { PointSeries } from '../../data/range-points.ts'
import { quantileName } from '../../format/names.ts'

/** Returns the labels by which series differ. */
export function varyingLabels(all: readonly Pick<PointSeries, 'labels'>[]): readonly string[] {
  const names = [...new Set(all.flatMap(({ labels }) => Object.keys(labels)))]
  return names.filter((name) => new Set(all.map(({ labels }) => labels[name])).size > 1)
}

/** Returns a name for each series: what tells it from the others or, of the only one, all its labels. */
export function nameSeries(all: readonly Omit<PointSeries, 'key' | 'points'>[], title: string): readonly string[] {
  const varying = varyingLabels(all)
  return all.map(({ labels, quantile }) => {
    const isOnly = varying.length === 0
    const shown = Object.entries(labels).filter(([name]) => isOnly || varying.includes(name))
    const words = shown.map(([name, value]) => (shown.length === 1 ? value : `${name}=${value}`))
    if (quantile !== undefined) words.push(quantileName(quantile))
    return words.length === 0 ? title : words.join(' ')
  })
}

/** Compares series by the values of their labels, one label after the other, and by their quantiles. */
export function compareSeries(a: Omit<PointSeries, 'key' | 'points'>, b: Omit<PointSeries, 'key' | 'points'>): number {
  for (const name of new Set([...Object.keys(a.labels), ...Object.keys(b.labels)])) {
    const order = compareValues(a.labels[name] ?? '', b.labels[name] ?? '')
    if (order !== 0) return order
  }
  return (a.quantile ?? 0) - (b.quantile ?? 0)
}

/** Compares two values of a label: numbers and bounds of buckets as numbers, others as texts. */
export function compareValues(a: string, b: string): number {
  const [left, right] = [toNumber(a), toNumber(b)]
  if (left === undefined || right === undefined) return a.localeCompare(b, 'en', { numeric: true })
  return left === right ? 0 : left - right
}

/** Returns the number that a value of a label is; undefined if it is none. */
export function toNumber(value: string): number | undefined {
  if (value === '+Inf') return Number.POSITIVE_INFINITY
  const number = Number(value)
  return value.trim() === '' || Number.isNaN(number) ? undefined : number
}
