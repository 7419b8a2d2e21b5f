import type { HeatMapAnswer, HeatMapExemplar } from '../api/types.ts'

/** A value with its trace, in the cell that counted it. */
export interface CellExemplar extends HeatMapExemplar {
  readonly row: number
  /** The end of its column. */
  readonly columnMs: number
}

/** A heat map without the buckets that are empty at its ends. */
export interface HeatCells {
  readonly stepMs: number
  /** The buckets, lowest first. */
  readonly rows: readonly { readonly from: number; readonly to: number }[]
  readonly columns: readonly { readonly endMs: number; readonly counts: readonly number[] }[]
  readonly maxCount: number
  readonly exemplars: readonly CellExemplar[]
}

/** Returns the cells of a heat map, from the first to the last bucket that has ever counted something. */
export function toHeatCells({ bounds, columns, stepMs, exemplars = [] }: HeatMapAnswer): HeatCells {
  const upper = bounds.map((bound) => (typeof bound === 'number' ? bound : Number.POSITIVE_INFINITY))
  const used = upper.map((_, index) => columns.some(([, counts]) => (counts[index] ?? 0) > 0))
  const first = used.indexOf(true)
  const last = used.lastIndexOf(true)
  if (first === -1) return { stepMs, rows: [], columns: [], maxCount: 0, exemplars: [] }
  const rows = upper.slice(first, last + 1).map((to, index) => ({ from: upper[first + index - 1] ?? 0, to }))
  const cut = columns.map(([endMs, counts]) => ({ endMs, counts: counts.slice(first, last + 1) }))
  const maxCount = cut.reduce((max, { counts }) => counts.reduce((one, count) => Math.max(one, count), max), 0)
  const cellExemplars = exemplars.flatMap((exemplar): CellExemplar[] => {
    const le = typeof exemplar.le === 'number' ? exemplar.le : Number.POSITIVE_INFINITY
    const row = rows.findIndex(({ to }) => to === le)
    const column = cut.find(({ endMs }) => endMs >= exemplar.timeMs && endMs - stepMs < exemplar.timeMs)
    return row === -1 || column === undefined ? [] : [{ ...exemplar, row, columnMs: column.endMs }]
  })
  return { stepMs, rows, columns: cut, maxCount, exemplars: cellExemplars }
}
