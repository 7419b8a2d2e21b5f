import type { Labels } from '@wombat/instrumentation'
import type { History } from './history.ts'
import type { RangeSamples, WindowSummary } from './indicators.ts'
import type { HistorySeries, Sample } from './series.ts'

/** Reads whichever history is the current one: health checks keep reading while the history of this process changes. */
export class CurrentHistory implements History {
  #history: History

  constructor(history: History) {
    this.#history = history
  }

  replace(history: History): void {
    this.#history = history
  }

  append(timeMs: number, samples: Iterable<Sample>): void {
    this.#history.append(timeMs, samples)
  }

  select(name: string, matchers?: Labels): HistorySeries[] {
    return this.#history.select(name, matchers)
  }

  range(series: HistorySeries, fromMs: number, toMs: number): RangeSamples {
    return this.#history.range(series, fromMs, toMs)
  }

  window(series: HistorySeries, fromMs: number, toMs: number): WindowSummary | undefined {
    return this.#history.window(series, fromMs, toMs)
  }

  at(series: HistorySeries, timeMs: number): number | undefined {
    return this.#history.at(series, timeMs)
  }
}
