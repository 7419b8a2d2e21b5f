import { MeterProvider } from '@opentelemetry/sdk-metrics'
import type { MetricsRegistry } from '@wombat/instrumentation'
import { SnapshotReader } from '../collection/snapshot-reader.ts'
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
  #own: { readonly recorder: HistoryRecorder; readonly provider: MeterProvider } | undefined

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
    const reader = new SnapshotReader()
    const provider = new MeterProvider({ readers: [reader] })
    reader.follow(registry, clock)
    const recorder = new HistoryRecorder({ ...this.#options, reader, durable: undefined })
    recorder.start()
    this.#own = { recorder, provider }
    this.#recorder = recorder
    this.history.replace(recorder.history)
  }

  /** Records the metrics as they are now. */
  async sample(): Promise<void> {
    await this.#recorder?.sample()
  }

  /** Moves all times by milliseconds: the clock that they were read from was set. */
  shift(deltaMs: number): void {
    this.#own?.recorder.history.shift(deltaMs)
  }

  async close(): Promise<void> {
    this.#own?.recorder.close()
    await this.#own?.provider.shutdown()
  }
}
