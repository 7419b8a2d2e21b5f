/** A color of the terminal, whatever its theme makes of it. */
export type Color = 'green' | 'yellow' | 'red' | 'cyan' | 'gray'

/** One column of a table. */
export interface Column<Row> {
  /** Its name for `--sort`. */
  readonly name: string
  readonly title: string
  /** In characters, without the space before it. */
  readonly width: number
  /** The widest that it becomes if there is room; default: its width. */
  readonly maxWidth?: number
  readonly align: 'left' | 'right'
  /** If the terminal is narrow, columns with higher numbers are left out first. */
  readonly priority: number
  /** Returns the text of a cell; empty if it is unknown. */
  readonly text: (row: Row) => string
  readonly color?: (row: Row) => Color | undefined
  /** Returns what rows are ordered by: numbers from high to low, texts from A to Z. What is unknown is last. */
  readonly order: (row: Row) => number | string | undefined
}

/** A column with the width that it has on this terminal. */
export interface PlacedColumn<Row> extends Column<Row> {
  readonly placedWidth: number
}

/** Returns the columns that fit into a width, the widest ones with the room that is left. */
export function placeColumns<Row>(columns: readonly Column<Row>[], width: number): PlacedColumn<Row>[] {
  const byPriority = [...columns].sort((a, b) => a.priority - b.priority)
  const chosen = new Set<Column<Row>>()
  let left = width
  for (const column of byPriority) {
    // The first one is always there.
    if (chosen.size > 0 && column.width + 1 > left) break
    chosen.add(column)
    left -= column.width + 1
  }
  return columns
    .filter((column) => chosen.has(column))
    .map((column) => {
      const growth = Math.max(0, Math.min(left, (column.maxWidth ?? column.width) - column.width))
      left -= growth
      return { ...column, placedWidth: column.width + growth }
    })
}

/** Returns the rows in the order of a column. Rows that are equal keep their order. */
export function sortRows<Row>(rows: readonly Row[], { order }: Column<Row>, isReversed: boolean): Row[] {
  const direction = isReversed ? -1 : 1
  return [...rows].sort((a, b) => {
    const [first, second] = [order(a), order(b)]
    if (first === undefined || second === undefined) return Number(first === undefined) - Number(second === undefined)
    if (typeof first === 'string' || typeof second === 'string') return direction * String(first).localeCompare(String(second))
    return direction * (second - first)
  })
}
