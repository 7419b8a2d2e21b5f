import type { Labels } from '../metrics/labels.ts'
import type { MetricDefinition } from '../metrics/semconv.ts'
import type { Instrument, Series } from '../metrics/series.ts'

/** A series of a store, and where its registry keeps it. */
export interface StoreEntry {
  readonly definition: MetricDefinition
  readonly key: string
  readonly series: Series
}

/** The series of a store that was forgotten. Their instruments keep it alive: something may still record into them. */
interface ForgottenStore {
  entries: StoreEntry[]
}

/** The series of each store of a registry, and those that were forgotten while something holds their instruments. */
export class StoreSeries {
  readonly #entries = new Map<string, StoreEntry[]>()
  readonly #forgotten = new Map<string, WeakRef<ForgottenStore>>()
  readonly #collected = new FinalizationRegistry<string>((name) => {
    if (this.#forgotten.get(name)?.deref() === undefined) this.#forgotten.delete(name)
  })
  /**
   * The stores whose instruments are looked at in each collection. Not all: what a WeakRef returns is alive for the garbage collection that is in
   * progress, and the next collection would begin before its end.
   */
  readonly #watched = new Set<string>()

  /** Adds a series if it is one of a store. */
  add(entry: StoreEntry): void {
    const store = storeOf(entry.series.labels)
    if (store === undefined) return
    const entries = this.#entries.get(store)
    if (entries === undefined) this.#entries.set(store, [entry])
    else entries.push(entry)
  }

  /**
   * Removes and returns the series of a store; their instruments count from 0 again, as other series. Undefined if it has none.
   *
   * @param isWatched whether `recorded` looks at them.
   */
  forget(name: string, isWatched: boolean): readonly StoreEntry[] | undefined {
    const entries = this.#entries.get(name)
    if (entries === undefined) return undefined
    if (isWatched) this.#watched.add(name)
    this.#entries.delete(name)
    const forgotten: ForgottenStore = { entries: this.#forgotten.get(name)?.deref()?.entries ?? [] }
    const startMs = performance.timeOrigin + performance.now()
    for (const { definition, key, series } of entries) {
      const { labels, instrument } = series
      instrument.reset()
      forgotten.entries.push({ definition, key, series: { labels, instrument, startMs } })
    }
    for (const { series } of forgotten.entries) series.instrument.forgotten = forgotten
    this.#forgotten.set(name, new WeakRef(forgotten))
    this.#collected.register(forgotten, name)
    return entries
  }

  /** Whether the store was forgotten, and something holds one of its instruments. */
  isForgotten(name: string): boolean {
    return this.#forgotten.has(name)
  }

  /** Returns the series of a store that was forgotten, to publish them again; none if nothing holds their instruments. */
  take(name: string): readonly StoreEntry[] {
    if (this.#forgotten.size === 0) return []
    const entries = this.#forgotten.get(name)?.deref()?.entries ?? []
    this.#forgotten.delete(name)
    for (const { series } of entries) series.instrument.forgotten = undefined
    return entries
  }

  /** Returns one series of a store that was forgotten, to publish it again. */
  takeOne(name: string, metric: string, key: string): StoreEntry | undefined {
    const forgotten = this.#forgotten.size === 0 ? undefined : this.#forgotten.get(name)?.deref()
    const index = forgotten?.entries.findIndex((entry) => entry.definition.name === metric && entry.key === key) ?? -1
    const [entry] = index < 0 ? [] : (forgotten?.entries.splice(index, 1) ?? [])
    if (entry !== undefined) entry.series.instrument.forgotten = undefined
    return entry
  }

  /** Returns the names of the watched stores into whose instruments something was recorded since they were forgotten. */
  recorded(): string[] {
    const names: string[] = []
    for (const name of this.#watched) {
      const forgotten = this.#forgotten.get(name)?.deref()
      if (forgotten === undefined) this.#watched.delete(name)
      else if (forgotten.entries.some(({ series }) => hasRecorded(series.instrument))) names.push(name)
    }
    return names
  }
}

/** Returns the store that labels name: under OpenTelemetry's names, it is the namespace. */
export function storeOf(labels: Labels): string | undefined {
  return labels['store'] ?? labels['db.namespace']
}

function hasRecorded(instrument: Instrument): boolean {
  if ('isEmpty' in instrument) return !instrument.isEmpty
  return 'add' in instrument && instrument.value > 0
}
