import type { MetricFamily, Series } from '@wombat/instrumentation'

/** How far ahead a series is looked for after others were removed: a store has no more series of one metric than this. */
const maxAhead = 64

/** Something that is kept of each series of a metric. */
interface Kept {
  readonly series: Series
}

/**
 * What is kept of the series of each metric, in their order. Not a WeakMap of the series: one with a million of them would block the event
 * loop for a tenth of a second whenever it grows.
 */
export class KeptSeries<One extends Kept> {
  readonly #byFamily = new WeakMap<MetricFamily, One[]>()
  readonly #create: (series: Series, family: MetricFamily) => One

  /** @param create returns what is kept of a series that is new. */
  constructor(create: (series: Series, family: MetricFamily) => One) {
    this.#create = create
  }

  /** Returns what is kept of each series of a metric now. Of those that appear in a pause, only as many as are gone meanwhile. */
  *of(family: MetricFamily): Generator<One> {
    let kept = this.#byFamily.get(family)
    if (kept === undefined) {
      kept = []
      this.#byFamily.set(family, kept)
    }
    let index = 0
    const { size } = family.series
    for (const one of family.series.values()) {
      // Where stores come and go faster than they are read, there would be no end.
      if (index >= size) break
      yield this.#keep(kept, index++, one, family)
    }
    if (kept.length > index) kept.length = index
  }

  #keep(kept: One[], index: number, series: Series, family: MetricFamily): One {
    const existing = kept[index]
    if (existing?.series === series) return existing
    // The series of a store were removed.
    for (let ahead = index + 1; ahead < Math.min(kept.length, index + maxAhead); ahead++) {
      const later = kept[ahead] as One
      if (later.series !== series) continue
      kept.splice(index, ahead - index)
      return later
    }
    const created = this.#create(series, family)
    kept[index] = created
    return created
  }
}
