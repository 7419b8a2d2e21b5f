import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { Retention, type RetentionOptions } from './retention.ts'
import { SeriesIds } from './series-ids.ts'

/** The prepared statements and the state of one open file. */
export interface Statements {
  readonly database: DatabaseSync
  readonly seriesIds: SeriesIds
  readonly retention: Retention
  readonly insertSamples: StatementSync
  /** The time of the last samples until a given time. */
  readonly lastSample: StatementSync
  readonly metadata: StatementSync
  readonly setMetadata: StatementSync
}

const lastSampleQuery = `
  SELECT max(ms) FROM (
    SELECT max(time_ms) AS ms FROM tick WHERE time_ms <= ? UNION SELECT max(to_ms) FROM chunk WHERE to_ms <= ?
  )`

/** Prepares the statements of an open file and reads its series. */
export function prepareStatements(database: DatabaseSync, options: RetentionOptions): Statements {
  const seriesIds = new SeriesIds(database)
  return {
    database,
    seriesIds,
    retention: new Retention(database, seriesIds, options),
    insertSamples: database.prepare('INSERT OR REPLACE INTO tick (time_ms, samples) VALUES (?, ?)'),
    lastSample: database.prepare(lastSampleQuery),
    metadata: database.prepare('SELECT value FROM kept WHERE name = ?'),
    setMetadata: database.prepare('INSERT OR REPLACE INTO kept (name, value) VALUES (?, ?)'),
  }
}
