import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { seriesKey } from '@wombat/instrumentation/internal'
import type { HistorySeries } from '../series.ts'
import { assertWhole, columnList, prepareInsert, type Row } from './rows.ts'

const hourMs = 3_600_000

interface StoredSeries {
  readonly id: number
  readonly series: HistorySeries
  /** Start of the hour in which it was last written. */
  lastHourMs: number
}

interface SeriesRow {
  readonly id: number
  readonly name: string
  readonly labels: string
  readonly is_counter: number
  readonly hour_ms: number
}

/**
 * Ids of the series in a file: the index of a series in the values of each sample row. The id of a series is reused when the file
 * has no samples of it any more, so that rows are only as long as the number of living series.
 */
export class SeriesIds {
  readonly #byName = new Map<string, Map<string, StoredSeries>>()
  readonly #byId: Array<StoredSeries | undefined> = []
  /** Finds a series without building its key. */
  readonly #known = new WeakMap<HistorySeries, StoredSeries>()
  /** No id before this one is free. */
  #firstFree = 0
  readonly #write: ReturnType<typeof prepareInsert>
  readonly #delete: StatementSync

  /** Reads the series of an open file. */
  constructor(database: DatabaseSync) {
    this.#write = prepareInsert(database, 'series', 'INSERT OR REPLACE')
    this.#delete = database.prepare('DELETE FROM series WHERE id = ?')
    const rows = database.prepare(`SELECT ${columnList('series')} FROM series`).all() as unknown as Row[]
    for (const row of rows) {
      assertWhole('series', row)
      const { id, name, labels, is_counter, hour_ms } = row as unknown as SeriesRow
      this.#index({ id, series: { name, labels: JSON.parse(labels), isCounter: is_counter === 1 }, lastHourMs: hour_ms })
    }
  }

  /** The number of values in a sample row: the highest id in use, plus 1. */
  get width(): number {
    return this.#byId.length
  }

  /** Returns the series of an id; undefined if the id is free. */
  seriesById(id: number): HistorySeries | undefined {
    return this.#byId[id]?.series
  }

  /** Returns the id of a series that is written at `timeMs` if the file needs no change for it; else undefined. */
  findId(series: HistorySeries, timeMs: number): number | undefined {
    const stored = this.#known.get(series)
    if (stored === undefined || this.#byId[stored.id] !== stored) return undefined
    return stored.lastHourMs + hourMs > timeMs ? stored.id : undefined
  }

  /** Returns the id of a series that is written at `timeMs`; a new series gets the first free id. Call it in a transaction. */
  assignId(series: HistorySeries, timeMs: number): number {
    const currentHourMs = Math.floor(timeMs / hourMs) * hourMs
    const stored = this.#byName.get(series.name)?.get(seriesKey(series.labels))
    if (stored === undefined) return this.#add(series, currentHourMs)
    this.#known.set(series, stored)
    if (stored.lastHourMs < currentHourMs) {
      stored.lastHourMs = currentHourMs
      this.#writeRow(stored)
    }
    return stored.id
  }

  /** Deletes series that were last written before `oldestMs`, the oldest time in the file. */
  deleteOlderThan(oldestMs: number): void {
    this.#byId.forEach((stored, id) => {
      if (stored === undefined || stored.lastHourMs + hourMs > oldestMs) return
      this.#delete.run(id)
      this.#byName.get(stored.series.name)?.delete(seriesKey(stored.series.labels))
      this.#byId[id] = undefined
      this.#firstFree = Math.min(this.#firstFree, id)
    })
    while (this.#byId.length > 0 && this.#byId.at(-1) === undefined) this.#byId.pop()
  }

  #add(series: HistorySeries, lastHourMs: number): number {
    while (this.#firstFree < this.#byId.length && this.#byId[this.#firstFree] !== undefined) this.#firstFree++
    const id = this.#firstFree
    const stored: StoredSeries = { id, series, lastHourMs }
    this.#writeRow(stored)
    this.#known.set(series, this.#index(stored))
    return id
  }

  #writeRow({ id, series, lastHourMs }: StoredSeries): void {
    this.#write(id, series.name, JSON.stringify(series.labels), series.isCounter ? 1 : 0, lastHourMs)
  }

  #index(stored: StoredSeries): StoredSeries {
    const { name, labels } = stored.series
    const sameName = this.#byName.get(name) ?? new Map<string, StoredSeries>()
    this.#byName.set(name, sameName.set(seriesKey(labels), stored))
    while (this.#byId.length <= stored.id) this.#byId.push(undefined)
    this.#byId[stored.id] = stored
    return stored
  }
}
