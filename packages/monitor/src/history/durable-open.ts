import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { Retention, type RetentionOptions } from './durable-retention.ts'
import { SeriesPlaces } from './sqlite-series.ts'

/** What belongs to one open file. */
export interface Open {
  readonly database: DatabaseSync
  readonly places: SeriesPlaces
  readonly retention: Retention
  readonly insert: StatementSync
}

/** Reads what must be known before the first write. */
export function openOn(database: DatabaseSync, options: RetentionOptions): Open {
  const places = new SeriesPlaces(database)
  const retention = new Retention(database, places, options)
  const insert = database.prepare('INSERT OR REPLACE INTO tick (time_ms, samples) VALUES (?, ?)')
  return { database, places, retention, insert }
}
