import { type Color, type Column, type PlacedColumn, placeColumns, sortRows } from './column.ts'
import type { Snapshot } from './snapshot.ts'
import { type OperationRow, operationTableColumns, storeColumns } from './table-columns.ts'
import type { ViewState } from './view-state.ts'

/** A table as it is drawn: with its texts, in their order. */
export interface TableModel {
  readonly headers: readonly TableHeader[]
  readonly rows: readonly TableRow[]
  /** How many rows there would be without the filter. */
  readonly rowCount: number
  /** The columns of the table that are shown, for sorting. */
  readonly sortNames: readonly string[]
}

export interface TableHeader {
  readonly name: string
  readonly title: string
  readonly width: number
  readonly align: 'left' | 'right'
}

export interface TableRow {
  readonly key: string
  readonly store: string
  /** One for each header. */
  readonly cells: readonly TableCell[]
}

export interface TableCell {
  readonly text: string
  readonly color: Color | undefined
}

/** The order if the chosen column is not in the table. */
const defaultSort = 'rate'

/** Returns the table of stores or of operations, filtered and sorted, with the columns that fit. */
export function buildTable(
  snapshot: Snapshot,
  { table, filter, sort, isReversed }: Pick<ViewState, 'table' | 'filter' | 'sort' | 'isReversed'>,
  width: number,
): TableModel {
  const order = { filter, sort, isReversed, width }
  if (table === 'stores') {
    return build(snapshot.stores, storeColumns, { ...order, keyOf: ({ store }) => store })
  }
  const rows = snapshot.stores.flatMap(({ store, operations }) => operations.map((operation) => ({ store, ...operation })))
  // An operation that was never called has nothing to show.
  const used = rows.filter(({ operationsPerSecond, p50Seconds }) => operationsPerSecond !== 0 || p50Seconds !== undefined)
  return build(used, operationTableColumns, { ...order, keyOf: operationKey })
}

/** Returns the table of the operations of one store. */
export function buildStoreTable(
  snapshot: Snapshot,
  store: string,
  { sort, isReversed }: Pick<ViewState, 'sort' | 'isReversed'>,
  width: number,
): TableModel {
  const operations = snapshot.stores.find((one) => one.store === store)?.operations ?? []
  const rows = operations.map((operation) => ({ store, ...operation }))
  const columns = operationTableColumns.filter(({ name }) => name !== 'store')
  return build<OperationRow>(rows, columns, { filter: '', sort, isReversed, width, keyOf: operationKey })
}

function operationKey({ store, operation }: OperationRow): string {
  return `${store}\n${operation}`
}

interface BuildOptions<Row> {
  readonly filter: string
  readonly sort: string
  readonly isReversed: boolean
  readonly width: number
  readonly keyOf: (row: Row) => string
}

function build<Row extends { readonly store: string }>(
  all: readonly Row[],
  columns: readonly Column<Row>[],
  { filter, sort, isReversed, width, keyOf }: BuildOptions<Row>,
): TableModel {
  const find = (name: string) => columns.find((column) => column.name === name)
  const sorted = find(sort) ?? find(defaultSort)
  const matching = all.filter((row) => matches(row, columns, filter))
  const rows = sorted === undefined ? matching : sortRows(matching, sorted, isReversed)
  const placed = placeColumns(columns, width)
  return {
    headers: placed.map((column) => header(column, column.name === sorted?.name, isReversed)),
    rows: rows.map((row) => ({
      key: keyOf(row),
      store: row.store,
      cells: placed.map(({ text, color }) => ({ text: text(row), color: color?.(row) })),
    })),
    rowCount: all.length,
    sortNames: placed.map(({ name }) => name),
  }
}

function header<Row>(
  { name, title, placedWidth, align }: PlacedColumn<Row>,
  isSorted: boolean,
  isReversed: boolean,
): TableHeader {
  return { name, title: isSorted ? `${title}${isReversed ? '▴' : '▾'}` : title, width: placedWidth, align }
}

/** Returns whether a text of the row contains the filter. Numbers are not searched. */
function matches<Row>(row: Row, columns: readonly Column<Row>[], filter: string): boolean {
  if (filter === '') return true
  const wanted = filter.toLowerCase()
  return columns.some(({ align, text }) => align === 'left' && text(row).toLowerCase().includes(wanted))
}
