import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { Retention, type RetentionOptions } from './retention.ts'
import { columnList, prepareInsert } from './rows.ts'
import { Runs } from './runs.ts'
import { SeriesIds } from './series-ids.ts'

/** The prepared statements and the state of one open file. */
export interface Statements {
  readonly database: DatabaseSync
  readonly seriesIds: SeriesIds
  readonly retention: Retention
  /** Inserts the samples of a recording time: the time, that of the samples before, and the values. */
  readonly insertSamples: ReturnType<typeof prepareInsert>
  readonly runs: Runs
  /** The recording time of the last samples; undefined if there are none. */
  lastRecordingMs: number | undefined
  /** The number of sample times. */
  readonly sampleCount: StatementSync
  readonly metadata: StatementSync
  readonly setMetadata: ReturnType<typeof prepareInsert>
}

const lastSampleQuery = 'SELECT max(ms) AS ms FROM (SELECT max(time_ms) AS ms FROM tick UNION SELECT max(to_ms) FROM chunk)'
const countQuery = 'SELECT (SELECT count(*) FROM tick) + (SELECT ifnull(sum(ticks), 0) FROM chunk)'

/** Prepares the statements of an open file and reads its series. */
export function prepareStatements(database: DatabaseSync, options: RetentionOptions & { readonly path: string }): Statements {
  const seriesIds = new SeriesIds(database)
  const runs = new Runs(database)
  return {
    database,
    seriesIds,
    retention: new Retention(database, seriesIds, runs, options),
    insertSamples: prepareInsert(database, 'tick', 'INSERT OR REPLACE'),
    runs,
    lastRecordingMs: (database.prepare(lastSampleQuery).get() as { ms: number | null }).ms ?? undefined,
    sampleCount: database.prepare(countQuery),
    metadata: database.prepare(`SELECT ${columnList('kept')} FROM kept WHERE name = ?`),
    setMetadata: prepareInsert(database, 'kept', 'INSERT OR REPLACE'),
  }
}
