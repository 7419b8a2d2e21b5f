import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'

/** Loaded with the history file: it takes 2 MiB. */
const zlib = () => process.getBuiltinModule('node:zlib')

/** What a column of a row holds. `labels`: the JSON text of an object of strings. */
type ColumnKind = 'integer' | 'number' | 'text' | 'bytes' | 'labels' | 'optional integer'

/** The columns of a table that its checksum covers, and the integer by which its rows are ordered. */
interface Table {
  readonly key: string
  readonly columns: Readonly<Record<string, ColumnKind>>
}

/** The tables of a history file, in the order in which they depend on each other. */
export const tables = {
  run: { key: 'from_ms', columns: { from_ms: 'integer', offset_ms: 'number', last_ms: 'optional integer' } },
  series: {
    key: 'id',
    columns: { id: 'integer', name: 'text', labels: 'labels', is_counter: 'integer', hour_ms: 'integer' },
  },
  kept: { key: 'rowid', columns: { name: 'text', value: 'text' } },
  chunk: {
    key: 'id',
    columns: { id: 'integer', from_ms: 'integer', to_ms: 'integer', ticks: 'integer', series: 'bytes', body: 'bytes' },
  },
  tick: { key: 'time_ms', columns: { time_ms: 'integer', previous_ms: 'optional integer', samples: 'bytes' } },
} as const satisfies Readonly<Record<string, Table>>

/** Stands for a series that was lost: in a block, its samples must not become those of the series that gets its id next. */
export const lostSeriesId = 2 ** 24 + 1

/** The name of a table. */
export type TableName = keyof typeof tables

/** The highest id of a series: more of them do not fit in memory, and a damaged id must not reserve memory up to it. */
export const maxSeriesId = 2 ** 24

/** A row as it was read: the columns of its table, and its checksum. */
export type Row = Readonly<Record<string, unknown>>

/** A row, or a part of the structure of the file, is damaged. */
export class DamageError extends Error {
  override readonly name = 'DamageError'
}

/** Returns the ids of the series of a block. SQLite returns bytes at any offset, so they are copied. */
export function toIds(bytes: unknown): Uint32Array {
  return new Uint32Array(new Uint8Array((bytes as Uint8Array | null) ?? []).buffer)
}

/** Returns the values of a row of samples, by the id of their series. */
export function toValues(bytes: unknown): Float64Array {
  return new Float64Array(new Uint8Array((bytes as Uint8Array | null) ?? []).buffer)
}

/** Returns the CRC-32 of the columns of a row, in the order of the table. The table is part of it: a row in another table is damaged. */
export function rowChecksum(table: TableName, values: readonly unknown[]): number {
  const { crc32 } = zlib()
  let checksum = crc32(table)
  for (const value of values) {
    if (value instanceof Uint8Array) checksum = crc32(value, crc32(`\0b${value.length}\0`, checksum))
    // Node 22 writes empty bytes as NULL.
    else checksum = crc32(value === null ? '\0b0\0' : `\0${typeof value}${value}`, checksum)
  }
  return checksum
}

/** Returns the columns of a table as they are listed in a statement, with the checksum at the end. */
export function columnList(table: TableName): string {
  return [...Object.keys(tables[table].columns), 'crc'].join(', ')
}

/** Prepares a statement that inserts a row with its checksum. The function takes the columns in the order of the table. */
export function prepareInsert(
  database: DatabaseSync,
  table: TableName,
  verb: 'INSERT' | 'INSERT OR REPLACE' = 'INSERT',
): (...values: SQLInputValue[]) => void {
  const places = Array.from({ length: Object.keys(tables[table].columns).length + 1 }, () => '?')
  const statement: StatementSync = database.prepare(`${verb} INTO ${table} (${columnList(table)}) VALUES (${places.join(', ')})`)
  return (...values) => {
    statement.run(...values, rowChecksum(table, values))
  }
}

/** Returns what is wrong with a row; undefined if it is whole. Rows of versions before 3 have no checksum: only their types are checked. */
export function findDamage(table: TableName, row: Row): string | undefined {
  const columns: Readonly<Record<string, ColumnKind>> = tables[table].columns
  for (const column in columns) {
    if (!isOfKind(columns[column] as ColumnKind, row[column])) return `${table}.${column} has no valid value`
  }
  if (table === 'series' && !((row['id'] as number) >= 0 && (row['id'] as number) <= maxSeriesId))
    return 'series.id is out of range'
  if (row['crc'] === null) return undefined
  const checksum = rowChecksum(
    table,
    Object.keys(columns).map((column) => row[column]),
  )
  return row['crc'] === checksum ? undefined : `a row of ${table} does not have the checksum with which it was written`
}

/** @throws DamageError if a row is damaged. */
export function assertWhole(table: TableName, row: Row): void {
  const damage = findDamage(table, row)
  if (damage !== undefined) throw new DamageError(damage)
}

function isOfKind(kind: ColumnKind, value: unknown): boolean {
  if (kind === 'text') return typeof value === 'string'
  if (kind === 'bytes') return value === null || value instanceof Uint8Array
  if (kind === 'labels') return typeof value === 'string' && isLabels(value)
  if (kind === 'number') return Number.isFinite(value)
  return Number.isSafeInteger(value) || (kind === 'optional integer' && value === null)
}

function isLabels(text: string): boolean {
  try {
    const labels: unknown = JSON.parse(text)
    if (typeof labels !== 'object' || labels === null || Array.isArray(labels)) return false
    return Object.values(labels).every((value) => typeof value === 'string')
  } catch {
    return false
  }
}
