import type { MetricsRegistry } from '@wombat/instrumentation'
import { trackSelfTime } from '../collection/self-metrics.ts'
import type { SnapshotReader } from '../collection/snapshot-reader.ts'
import type { Component } from '../component.ts'
import type { Logger } from '../logger.ts'
import { TimeSeries } from './memory/time-series.ts'
import { toSamples } from './series.ts'
import type { DurableHistory } from './sqlite/durable-history.ts'

export interface HistoryRecorderOptions {
  readonly reader: SnapshotReader
  readonly registry: MetricsRegistry
  readonly logger: Logger
  /** Milliseconds between two samples. */
  readonly intervalMs: number
  /** The history on disk, which keeps the samples beyond this process. The recorder does not close it. */
  readonly durable: DurableHistory | undefined
}

/** Samples all metrics every interval into the history in memory and, if there is one, into the history on disk. */
export class HistoryRecorder implements Component {
  /** The history in memory. */
  readonly history: TimeSeries
  readonly #options: HistoryRecorderOptions
  #restoring: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(options: HistoryRecorderOptions) {
    this.#options = options
    this.history = new TimeSeries({ intervalMs: options.intervalMs })
  }

  /** Resolves when the samples of earlier processes are in memory. Never rejects. */
  get restored(): Promise<void> {
    return this.#restoring
  }

  /** Restores the samples of earlier processes in the background, then starts to sample. The timer does not keep the process alive. */
  start(): void {
    this.#restoring = this.#attempt(() => this.#restore())
    void this.#restoring.then(() => {
      if (this.#isClosed) return
      this.#timer = setInterval(() => this.#attempt(() => this.sample()), this.#options.intervalMs)
      this.#timer.unref()
    })
  }

  /** Records the metrics as they are now. Waits for the restored samples first: a history accepts samples in time order only. */
  async sample(): Promise<void> {
    await this.#restoring
    const { reader, registry, durable } = this.#options
    const { points, timeMs } = await reader.take()
    if (this.#isClosed) return
    trackSelfTime(registry, 'history', () => {
      const samples = points.flatMap(toSamples)
      this.history.append(timeMs, samples)
      durable?.append(timeMs, samples)
    })
    registry.setGauge('wombat_monitor_history_bytes', this.history.bytes)
  }

  close(): void {
    this.#isClosed = true
    clearInterval(this.#timer)
  }

  async #restore(): Promise<void> {
    const { durable, intervalMs } = this.#options
    await durable?.restore(this.history, Date.now(), intervalMs)
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#options.logger.error({ reason }, 'the metrics could not be recorded in the history')
    }
  }
}
