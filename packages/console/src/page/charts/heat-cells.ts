import type { HeatMapAnswer } from '../api/types.ts'

/** A heat map without the buckets that are empty at its ends. */
export interface HeatCells {
  readonly stepMs: number
  /** The buckets, lowest first. */
  readonly rows: readonly { readonly from: number; readonly to: number }[]
  readonly columns: readonly { readonly endMs: number; readonly counts: readonly number[] }[]
  readonly maxCount: number
}

/** Returns the cells of a heat map, from the first to the last bucket that has ever counted something. */
export function toHeatCells({ bounds, columns, stepMs }: HeatMapAnswer): HeatCells {
  const upper = bounds.map((bound) => (typeof bound === 'number' ? bound : Number.POSITIVE_INFINITY))
  const used = upper.map((_, index) => columns.some(([, counts]) => (counts[index] ?? 0) > 0))
  const first = used.indexOf(true)
  const last = used.lastIndexOf(true)
  if (first === -1) return { stepMs, rows: [], columns: [], maxCount: 0 }
  const rows = upper.slice(first, last + 1).map((to, index) => ({ from: upper[first + index - 1] ?? 0, to }))
  const cut = columns.map(([endMs, counts]) => ({ endMs, counts: counts.slice(first, last + 1) }))
  const maxCount = cut.reduce((max, { counts }) => counts.reduce((one, count) => Math.max(one, count), max), 0)
  return { stepMs, rows, columns: cut, maxCount }
}
