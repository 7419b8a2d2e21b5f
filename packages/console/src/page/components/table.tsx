import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { Icon } from './icon.tsx'

export interface Column<Row> {
  readonly key: string
  readonly title: ComponentChildren
  readonly render: (row: Row) => ComponentChildren
  /** What the column is sorted by; without it, it cannot be sorted. What is undefined comes last. */
  readonly sortBy?: ((row: Row) => number | string | undefined) | undefined
  /** Numbers stand at the right. */
  readonly isNumeric?: boolean | undefined
  /** The header of its row. */
  readonly isRowHeader?: boolean | undefined
  /** Where there is room for the column. Default: everywhere. */
  readonly room?: 'wide-only' | 'not-on-phones' | undefined
  /** Explains the column. */
  readonly description?: string | undefined
}

/** A column, and `-` before it for the greatest first: `-p99`. */
export type SortOrder = string

export interface TableProps<Row> {
  /** Says what the table shows; read by screen readers. */
  readonly caption: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly rowKey: (row: Row) => string
  /** The order, if the view keeps it in the address. Else the table keeps it. */
  readonly sort?: SortOrder | undefined
  readonly defaultSort?: SortOrder | undefined
  readonly onSort?: ((sort: SortOrder) => void) | undefined
  /** A row that is chosen stands out. */
  readonly isSelected?: ((row: Row) => boolean) | undefined
  /** What a click on the row does. The same must be in a link or button of the row, for the keyboard. */
  readonly onRowClick?: ((row: Row) => void) | undefined
  /** The table scrolls by itself if it is higher, in pixels. */
  readonly maxHeight?: number | undefined
  /** Instead of rows, if there are none. */
  readonly empty?: ComponentChildren | undefined
}

/** A table that scrolls in its own container, with a header that stays. */
export function Table<Row>(props: TableProps<Row>) {
  const { caption, columns, rows, rowKey, sort, defaultSort, onSort, isSelected, onRowClick, maxHeight, empty } = props
  const ownSort = useSignal<SortOrder | undefined>(undefined)
  const order = sort ?? ownSort.value ?? defaultSort
  const sorted = sortRows(rows, columns, order)
  const choose = (next: SortOrder): void => {
    if (onSort === undefined) ownSort.value = next
    else onSort(next)
  }
  return (
    <section
      class="table-scroll"
      aria-label={caption}
      // A container that scrolls must be reachable with the keyboard.
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
      tabIndex={0}
      style={maxHeight === undefined ? {} : { maxHeight: `${maxHeight}px` }}
    >
      <table>
        <caption class="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <ColumnHeader key={column.key} column={column} order={order} onSort={choose} />
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.map((row) => (
            <tr
              key={rowKey(row)}
              class={`${isSelected?.(row) ? 'selected' : ''}${onRowClick ? ' clickable' : ''}`}
              onClick={onRowClick && (() => onRowClick(row))}
            >
              {columns.map((column) =>
                column.isRowHeader ? (
                  <th key={column.key} scope="row" class={cellClass(column)}>
                    {column.render(row)}
                  </th>
                ) : (
                  <td key={column.key} class={cellClass(column)}>
                    {column.render(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {sorted.length === 0 && <p class="empty">{empty ?? 'Nothing to show.'}</p>}
    </section>
  )
}

function cellClass<Row>({ isNumeric, room }: Column<Row>): string {
  return [isNumeric ? 'numeric' : undefined, room].filter((name) => name !== undefined).join(' ')
}

function ColumnHeader<Row>({
  column,
  order,
  onSort,
}: {
  readonly column: Column<Row>
  readonly order: SortOrder | undefined
  readonly onSort: (order: SortOrder) => void
}) {
  const { key, title, sortBy, isNumeric, description } = column
  const direction = order === key ? 'ascending' : order === `-${key}` ? 'descending' : undefined
  const cell = { scope: 'col', class: cellClass(column), title: description } as const
  if (sortBy === undefined) return <th {...cell}>{title}</th>
  // Of numbers, the greatest are wanted first.
  const next = direction === undefined ? (isNumeric ? `-${key}` : key) : direction === 'ascending' ? `-${key}` : key
  return (
    <th {...cell} aria-sort={direction ?? 'none'}>
      <button type="button" class="sort" onClick={() => onSort(next)}>
        {title}
        {direction !== undefined && <Icon name={direction === 'ascending' ? 'up' : 'down'} />}
      </button>
    </th>
  )
}

/** Returns the rows in an order. Rows without a value come last in both directions; equal rows keep their order. */
export function sortRows<Row>(
  rows: readonly Row[],
  columns: readonly Pick<Column<Row>, 'key' | 'sortBy'>[],
  order: SortOrder | undefined,
): readonly Row[] {
  const isDescending = order?.startsWith('-') === true
  const sortBy = columns.find(({ key }) => key === (isDescending ? order.slice(1) : order))?.sortBy
  if (sortBy === undefined) return rows
  const sign = isDescending ? -1 : 1
  return [...rows].sort((a, b) => {
    const left = sortBy(a)
    const right = sortBy(b)
    if (left === undefined || right === undefined) return Number(left === undefined) - Number(right === undefined)
    if (typeof left === 'string' || typeof right === 'string') {
      return sign * String(left).localeCompare(String(right), 'en', { numeric: true })
    }
    return sign * (left - right)
  })
}
