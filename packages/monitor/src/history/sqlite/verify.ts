import type { DatabaseSync } from 'node:sqlite'
import { excludeFromMeasuring } from '@wombat/instrumentation/internal'
import type { PausableWork } from '../../time/time-slices.ts'
import { assertWhole, columnList, DamageError, lostSeriesId, type Row, type TableName, tables, toIds, toValues } from './rows.ts'
import { createMigration } from './schema.ts'

/** The module `node:sqlite`. */
type Sqlite = typeof import('node:sqlite')

/** The tables that are read as a whole when the file is opened. */
const smallTables = ['run', 'series', 'kept'] as const satisfies readonly TableName[]

const schemaQuery = 'SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name'

/**
 * Checks that a file has exactly the tables of this version.
 *
 * @throws DamageError, or an error of SQLite.
 */
export function verifySchema({ DatabaseSync }: Sqlite, database: DatabaseSync): void {
  const expected = new DatabaseSync(':memory:')
  excludeFromMeasuring(expected)
  try {
    expected.exec(createMigration(0))
    const schemas = [database, expected].map((one) => JSON.stringify(one.prepare(schemaQuery).all()))
    if (schemas[0] !== schemas[1]) throw new DamageError('the schema is not the one with which the file was created')
  } finally {
    expected.close()
  }
}

/**
 * Checks everything of a file but its samples: the schema, and the structure and the texts of the small tables. Takes some milliseconds. The
 * rows of the other small tables are checked when they are read.
 *
 * @throws DamageError, or an error of SQLite.
 */
export function verifyStructure(sqlite: Sqlite, database: DatabaseSync): void {
  verifySchema(sqlite, database)
  for (const table of smallTables) {
    const [result] = database.prepare(`PRAGMA integrity_check('${table}')`).all() as [Record<string, unknown>?]
    if (result?.['integrity_check'] !== 'ok') throw new DamageError(`table ${table}: ${String(Object.values(result ?? {})[0])}`)
  }
  for (const row of readRows(database, 'kept')) assertWhole('kept', row)
}

/**
 * Reads all samples of a file and checks them: each row by its checksum, and by the links between rows that none is missing. What SQLite's
 * own `quick_check` would find beside that is found by the write that needs it, and quick_check cannot be done in slices.
 *
 * @param isKnown whether there is a series with this id.
 * @throws DamageError, or an error of SQLite.
 */
export function* verifySamples(database: DatabaseSync, isKnown: (id: number) => boolean): PausableWork<void> {
  let blockId: number | undefined
  let lastMs: number | undefined
  for (const row of readRows(database, 'chunk')) {
    assertWhole('chunk', row)
    const id = row['id'] as number
    if (blockId !== undefined && id !== blockId + 1) throw new DamageError(`block ${blockId + 1} is missing`)
    for (const series of toIds(row['series'])) assertSeries(series === lostSeriesId || isKnown(series))
    blockId = id
    lastMs = row['to_ms'] as number
    yield
  }
  let isFirst = true
  for (const row of readRows(database, 'tick')) {
    assertWhole('tick', row)
    const previousMs = row['previous_ms'] as number | null
    if (previousMs !== null && lastMs !== undefined && (isFirst ? previousMs > lastMs : previousMs !== lastMs))
      throw new DamageError('samples are missing')
    toValues(row['samples']).forEach((value, series) => {
      if (!Number.isNaN(value)) assertSeries(isKnown(series))
    })
    isFirst = false
    lastMs = row['time_ms'] as number
    yield
  }
  const { ms } = database.prepare('SELECT max(last_ms) AS ms FROM run').get() as { ms: number | null }
  if (ms !== null && lastMs !== undefined && lastMs < ms) throw new DamageError('the last samples are missing')
}

function assertSeries(isKnown: boolean): void {
  if (!isKnown) throw new DamageError('series are missing')
}

/** Reads the rows of a table one by one, in the order of their keys. No statement is open in between. */
export function* readRows(database: DatabaseSync, table: TableName): Generator<Row> {
  const { key } = tables[table]
  const next = database.prepare(
    `SELECT ${key} AS key, ${columnList(table)} FROM ${table} WHERE ${key} > ? ORDER BY ${key} LIMIT 1`,
  )
  for (let after: unknown = Number.MIN_SAFE_INTEGER; ; ) {
    const row = next.get(after as number) as Row | undefined
    if (row === undefined) return
    // A cycle in a damaged tree would never end.
    if (!((row['key'] as number) > (after as number))) throw new DamageError(`the rows of ${table} are not in order`)
    after = row['key']
    yield row
  }
}
