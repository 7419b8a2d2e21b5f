import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { Retention, type RetentionOptions } from './retention.ts'
import { SeriesIds } from './series-ids.ts'

/** What belongs to one open file. */
export interface Statements {
  readonly database: DatabaseSync
  readonly seriesIds: SeriesIds
  readonly retention: Retention
  readonly insert: StatementSync
  readonly alive: StatementSync
  readonly metadata: StatementSync
  readonly setMetadata: StatementSync
}

/** The last moment until a given one. */
const aliveQuery = `
  SELECT max(ms) FROM (
    SELECT max(time_ms) AS ms FROM tick WHERE time_ms <= ? UNION SELECT max(to_ms) FROM chunk WHERE to_ms <= ?
  )`

/** Reads what must be known before the first write. */
export function prepareStatements(database: DatabaseSync, options: RetentionOptions): Statements {
  const seriesIds = new SeriesIds(database)
  return {
    database,
    seriesIds,
    retention: new Retention(database, seriesIds, options),
    insert: database.prepare('INSERT OR REPLACE INTO tick (time_ms, samples) VALUES (?, ?)'),
    alive: database.prepare(aliveQuery),
    metadata: database.prepare('SELECT value FROM kept WHERE name = ?'),
    setMetadata: database.prepare('INSERT OR REPLACE INTO kept (name, value) VALUES (?, ?)'),
  }
}
