import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { Retention, type RetentionOptions } from './durable-retention.ts'
import { SeriesPlaces } from './sqlite-series.ts'

/** What belongs to one open file. */
export interface Open {
  readonly database: DatabaseSync
  readonly places: SeriesPlaces
  readonly retention: Retention
  readonly insert: StatementSync
  readonly alive: StatementSync
  readonly kept: StatementSync
  readonly keep: StatementSync
}

/** The last moment until a given one. */
const aliveQuery = `
  SELECT max(ms) FROM (
    SELECT max(time_ms) AS ms FROM tick WHERE time_ms <= ? UNION SELECT max(to_ms) FROM chunk WHERE to_ms <= ?
  )`

/** Reads what must be known before the first write. */
export function openOn(database: DatabaseSync, options: RetentionOptions): Open {
  const places = new SeriesPlaces(database)
  return {
    database,
    places,
    retention: new Retention(database, places, options),
    insert: database.prepare('INSERT OR REPLACE INTO tick (time_ms, samples) VALUES (?, ?)'),
    alive: database.prepare(aliveQuery),
    kept: database.prepare('SELECT value FROM kept WHERE name = ?'),
    keep: database.prepare('INSERT OR REPLACE INTO kept (name, value) VALUES (?, ?)'),
  }
}
