import type { MetricsRegistry } from '@wombat/instrumentation'
import { RegistryReader } from '../collection/registry-reader.ts'
import type { Component } from '../component.ts'
import type { Logger } from '../logger.ts'
import type { Clock } from '../time/clock.ts'
import { CurrentHistory } from './current-history.ts'
import { TimeSeries } from './memory/time-series.ts'
import { HistoryRecorder } from './recorder.ts'

export interface LocalHistoryOptions {
  readonly registry: MetricsRegistry
  readonly logger: Logger
  readonly clock: Clock
  readonly intervalMs: number
  readonly maxBytes: number
}

/**
 * The history of this process or thread alone, which its health checks read: sums over several processes would hide which of them is ill.
 * While the process is alone, it is the history that everything reads.
 */
export class LocalHistory implements Component {
  readonly history: CurrentHistory
  readonly #options: LocalHistoryOptions
  #recorder: Pick<HistoryRecorder, 'sample'> | undefined
  #own: HistoryRecorder | undefined

  constructor(options: LocalHistoryOptions) {
    this.#options = options
    this.history = new CurrentHistory(new TimeSeries({ intervalMs: options.intervalMs, maxBytes: options.maxBytes }))
  }

  /** Reads what this recorder records, unless this process has a history of its own already. */
  follow(recorder: HistoryRecorder): void {
    if (this.#own !== undefined) return
    this.#recorder = recorder
    this.history.replace(recorder.history)
  }

  /** Records the metrics of this process alone from now on: others are about to be added to what everything else reads. */
  separate(): void {
    if (this.#own !== undefined) return
    const { registry, clock } = this.#options
    const reader = new RegistryReader({ attributes: {}, fromEnvironment: {} })
    reader.follow(registry, clock)
    const recorder = new HistoryRecorder({ ...this.#options, reader, durable: undefined })
    recorder.start()
    this.#own = recorder
    this.#recorder = recorder
    this.history.replace(recorder.history)
  }

  /** Records the metrics as they are now. */
  async sample(): Promise<void> {
    await this.#recorder?.sample()
  }

  /** Moves all times by milliseconds: the clock that they were read from was set. */
  shift(deltaMs: number): void {
    this.#own?.history.shift(deltaMs)
  }

  close(): void {
    this.#own?.close()
  }
}
