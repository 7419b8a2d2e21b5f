import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { Retention, type RetentionOptions } from './retention.ts'
import { Runs } from './runs.ts'
import { SeriesIds } from './series-ids.ts'

/** The prepared statements and the state of one open file. */
export interface Statements {
  readonly database: DatabaseSync
  readonly seriesIds: SeriesIds
  readonly retention: Retention
  readonly insertSamples: StatementSync
  readonly runs: Runs
  /** The recording time of the last samples; null if there are none. */
  readonly lastSample: StatementSync
  /** The number of sample times. */
  readonly sampleCount: StatementSync
  readonly metadata: StatementSync
  readonly setMetadata: StatementSync
}

const lastSampleQuery = 'SELECT max(ms) FROM (SELECT max(time_ms) AS ms FROM tick UNION SELECT max(to_ms) FROM chunk)'
const countQuery = 'SELECT (SELECT count(*) FROM tick) + (SELECT ifnull(sum(ticks), 0) FROM chunk)'

/** Prepares the statements of an open file and reads its series. */
export function prepareStatements(database: DatabaseSync, options: RetentionOptions & { readonly path: string }): Statements {
  const seriesIds = new SeriesIds(database)
  const runs = new Runs(database)
  return {
    database,
    seriesIds,
    retention: new Retention(database, seriesIds, runs, options),
    insertSamples: database.prepare('INSERT OR REPLACE INTO tick (time_ms, samples) VALUES (?, ?)'),
    runs,
    lastSample: database.prepare(lastSampleQuery),
    sampleCount: database.prepare(countQuery),
    metadata: database.prepare('SELECT value FROM kept WHERE name = ?'),
    setMetadata: database.prepare('INSERT OR REPLACE INTO kept (name, value) VALUES (?, ?)'),
  }
}
