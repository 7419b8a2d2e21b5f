import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { seriesKey } from '@wombat/instrumentation/internal'
import type { HistorySeries } from '../series.ts'

const hourMs = 3_600_000

interface Known {
  readonly id: number
  readonly series: HistorySeries
  /** The hour in which it was last written. */
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
 * Which series has which place in a tick. A place becomes free when nothing in the file is as old as its series, so that
 * ticks stay as short as the series that live are many.
 */
export class SeriesIds {
  readonly #names = new Map<string, Map<string, Known>>()
  readonly #byId: Array<Known | undefined> = []
  readonly #insert: StatementSync
  readonly #touch: StatementSync
  readonly #delete: StatementSync

  constructor(database: DatabaseSync) {
    this.#insert = database.prepare('INSERT INTO series (id, name, labels, is_counter, hour_ms) VALUES (?, ?, ?, ?, ?)')
    this.#touch = database.prepare('UPDATE series SET hour_ms = ? WHERE id = ?')
    this.#delete = database.prepare('DELETE FROM series WHERE id = ?')
    const rows = database.prepare('SELECT id, name, labels, is_counter, hour_ms FROM series').all() as unknown as SeriesRow[]
    for (const { id, name, labels, is_counter, hour_ms } of rows)
      this.#keep({ id, series: { name, labels: JSON.parse(labels), isCounter: is_counter === 1 }, lastHourMs: hour_ms })
  }

  /** How long a tick is. */
  get width(): number {
    return this.#byId.length
  }

  seriesAt(id: number): HistorySeries | undefined {
    return this.#byId[id]?.series
  }

  /** The place of a series that is written at this time; within the transaction of what is written there. */
  idOf(series: HistorySeries, timeMs: number): number {
    const currentHourMs = Math.floor(timeMs / hourMs) * hourMs
    const known = this.#names.get(series.name)?.get(seriesKey(series.labels))
    if (known === undefined) return this.#add(series, currentHourMs)
    if (known.lastHourMs < currentHourMs) {
      this.#touch.run(currentHourMs, known.id)
      known.lastHourMs = currentHourMs
    }
    return known.id
  }

  /** Forgets series that nothing since `oldestMs`, the oldest moment in the file, has any more. */
  forgetOlderThan(oldestMs: number): void {
    this.#byId.forEach((known, id) => {
      if (known === undefined || known.lastHourMs + hourMs > oldestMs) return
      this.#delete.run(id)
      this.#names.get(known.series.name)?.delete(seriesKey(known.series.labels))
      this.#byId[id] = undefined
    })
    while (this.#byId.length > 0 && this.#byId.at(-1) === undefined) this.#byId.pop()
  }

  #add(series: HistorySeries, lastHourMs: number): number {
    const free = this.#byId.indexOf(undefined)
    const id = free === -1 ? this.#byId.length : free
    this.#insert.run(id, series.name, JSON.stringify(series.labels), series.isCounter ? 1 : 0, lastHourMs)
    this.#keep({ id, series, lastHourMs })
    return id
  }

  #keep(known: Known): void {
    const { name, labels } = known.series
    const sameName = this.#names.get(name) ?? new Map<string, Known>()
    this.#names.set(name, sameName.set(seriesKey(labels), known))
    while (this.#byId.length <= known.id) this.#byId.push(undefined)
    this.#byId[known.id] = known
  }
}
