import { formatBytes } from '../page/format/bytes.ts'
import { formatDuration } from '../page/format/durations.ts'
import { formatNumber } from '../page/format/numbers.ts'
import type { Color, Column } from './column.ts'
import { type HealthStatus, type OperationNumbers, type OperationSnapshot, type StoreSnapshot, statusRank } from './snapshot.ts'

/** One row of the table of operations. */
export interface OperationRow extends OperationSnapshot {
  readonly store: string
}

/** Returns the color of a status. Its word is always shown, too. */
export function statusColor(status: HealthStatus): Color {
  const colors = { healthy: 'green', degraded: 'yellow', unknown: 'gray', unhealthy: 'red', critical: 'red' } as const
  return colors[status]
}

type NumberField = {
  [Key in keyof StoreSnapshot]-?: NonNullable<StoreSnapshot[Key]> extends number ? Key : never
}[keyof StoreSnapshot]

type Numbers = Partial<Record<NumberField, number>>

function numeric<Row extends Numbers>(
  name: string,
  title: string,
  [priority, width]: readonly [priority: number, width: number],
  field: NumberField,
  format: (value: number) => string,
  color?: (value: number) => Color | undefined,
): Column<Row> {
  return {
    name,
    title,
    width,
    align: 'right',
    priority,
    order: (row) => row[field],
    text: (row) => {
      const value = row[field]
      return value === undefined ? '' : format(value)
    },
    ...(color && {
      color: (row: Row) => {
        const value = row[field]
        return value === undefined ? undefined : color(value)
      },
    }),
  }
}

const aboveZero = (color: Color) => (value: number) => (value > 0 ? color : undefined)

/** The columns that stores and operations have in common. */
function operationColumns<Row extends OperationNumbers & Numbers>(): Column<Row>[] {
  return [
    numeric('rate', '/S', [1, 7], 'operationsPerSecond', formatNumber),
    numeric('p50', 'P50', [6, 7], 'p50Seconds', formatDuration),
    numeric('p95', 'P95', [7, 7], 'p95Seconds', formatDuration),
    numeric('p99', 'P99', [3, 7], 'p99Seconds', formatDuration),
    numeric('max', 'MAX', [8, 7], 'maxSeconds', formatDuration),
    numeric('errors', 'ERR/S', [4, 6], 'errorsPerSecond', formatNumber, aboveZero('red')),
  ]
}

/** The columns of the table of stores. */
export const storeColumns: readonly Column<StoreSnapshot>[] = [
  textColumn('store', 'STORE', [0, 12, 32], ({ store }) => store),
  textColumn('engine', 'ENGINE', [11, 9, 12], ({ engine }) => engine),
  {
    name: 'health',
    title: 'HEALTH',
    width: 9,
    align: 'left',
    priority: 2,
    text: ({ health, state }) => (state === 'open' ? health : state),
    color: ({ health, state }) => (state === 'open' ? statusColor(health) : 'gray'),
    order: ({ health }) => statusRank(health),
  },
  ...operationColumns<StoreSnapshot>(),
  numeric('in-flight', 'FLIGHT', [5, 7], 'inFlight', formatNumber),
  numeric('size', 'SIZE', [9, 9], 'sizeBytes', formatBytes),
  {
    name: 'alerts',
    title: 'ALERTS',
    width: 7,
    align: 'right',
    priority: 10,
    text: ({ firing, pending }) => (firing + pending === 0 ? '' : `${firing}+${pending}`),
    color: ({ firing, pending }) => (firing > 0 ? 'red' : pending > 0 ? 'yellow' : undefined),
    order: ({ firing, pending }) => firing * 1000 + pending,
  },
  numeric('memory', 'MEMORY', [12, 9], 'memoryBytes', formatBytes),
  numeric('hits', 'HITS', [13, 7], 'hitRatio', (share) => `${formatNumber(share * 100)} %`),
  numeric('oldest', 'OLDEST', [14, 7], 'oldestOperationSeconds', formatDuration),
]

/** The columns of the table of operations. */
export const operationTableColumns: readonly Column<OperationRow>[] = [
  textColumn('store', 'STORE', [0, 12, 32], ({ store }) => store),
  textColumn('operation', 'OPERATION', [2, 10, 10], ({ operation }) => operation),
  ...operationColumns<OperationRow>(),
]

function textColumn<Row>(
  name: string,
  title: string,
  [priority, width, maxWidth]: readonly [priority: number, width: number, maxWidth: number],
  text: (row: Row) => string | undefined,
): Column<Row> {
  return { name, title, width, maxWidth, align: 'left', priority, text: (row) => text(row) ?? '', order: text }
}

/** The names that `--sort` accepts. */
export const sortNames: readonly string[] = [...new Set([...storeColumns, ...operationTableColumns].map(({ name }) => name))]
