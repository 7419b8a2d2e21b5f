import type { MetricsRegistry } from '@wombat/instrumentation'
import { DroppedPointsLog, toForeignMetrics } from '../collection/prometheus-metrics.ts'
import type { Reader, Reading } from '../collection/registry-reader.ts'
import { selfTimeSlices } from '../collection/self-metrics.ts'
import { eachPoint } from '../collection/snapshot.ts'
import type { Component } from '../component.ts'
import type { Logger } from '../logger.ts'
import type { Clock } from '../time/clock.ts'
import type { TimeSlices } from '../time/time-slices.ts'
import { errorMessage } from '../validation/error-message.ts'
import { TimeSeries } from './memory/time-series.ts'
import { RegistrySamples, type SampleTaker } from './registry-samples.ts'
import { type HistorySeries, SampleColumns, toSamples } from './series.ts'
import type { DurableHistory } from './sqlite/durable-history.ts'

export interface HistoryRecorderOptions {
  readonly reader: Reader
  readonly registry: MetricsRegistry
  readonly logger: Logger
  readonly clock: Clock
  /** Milliseconds between two samples. */
  readonly intervalMs: number
  /** Memory that the history may use, in bytes. */
  readonly maxBytes: number
  /** The history on disk, which keeps the samples beyond this process. The recorder does not close it. */
  readonly durable: DurableHistory | undefined
  /** Called with each histogram of a sample, and the number of its values. */
  readonly onHistogram?: SampleTaker['onHistogram']
  /** Called with the time of each sample when it is in the history in memory, in Unix milliseconds. */
  readonly onRecorded?: (timeMs: number) => void
}

/** Samples all metrics every interval into the history in memory and, if there is one, into the history on disk. */
export class HistoryRecorder implements Component {
  /** The history in memory. */
  readonly history: TimeSeries
  readonly #options: HistoryRecorderOptions
  readonly #droppedPoints: DroppedPointsLog
  readonly #registrySamples = new RegistrySamples()
  /** The samples that are in memory, for the file. */
  readonly #kept = new SampleColumns()
  #restoring: Promise<void> = Promise.resolve()
  #sampling: Promise<void> | undefined
  #isLimited = false
  #countedDrops = 0
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(options: HistoryRecorderOptions) {
    this.#options = options
    this.#droppedPoints = new DroppedPointsLog(options.registry, 'history')
    this.history = new TimeSeries({ intervalMs: options.intervalMs, maxBytes: options.maxBytes })
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

  /** Records the metrics as they are now. Calls during a recording wait for that one. */
  sample(): Promise<void> {
    this.#sampling ??= this.#sample().finally(() => {
      this.#sampling = undefined
    })
    return this.#sampling
  }

  close(): void {
    this.#isClosed = true
    clearInterval(this.#timer)
  }

  /** Waits for the restored samples first: their times are before those of this process. */
  async #sample(): Promise<void> {
    await this.#restoring
    const { reader, registry, clock, durable } = this.#options
    const reading = await reader.read()
    if (this.#isClosed) return
    const slices = selfTimeSlices(registry, 'history')
    try {
      clock.synchronize()
      if (!this.history.begin(clock.nowMs())) return
      await this.#append(reading, slices)
      await slices.run(this.history.commitPausable())
      const timeMs = this.history.lastMs ?? clock.nowMs()
      this.#options.onRecorded?.(timeMs)
      if (this.#isClosed) return
      if (durable !== undefined) await slices.run(durable.appendPausable(timeMs, this.#kept))
      this.#reportLimits()
    } finally {
      this.#kept.clear()
      slices.end()
    }
  }

  /** Appends to the history in memory. The values are those of the moment at which they are read, some milliseconds after its time. */
  async #append({ registry, foreign, record }: Reading, slices: TimeSlices): Promise<void> {
    const { onHistogram } = this.#options
    const add = (series: HistorySeries, value: number): void => {
      if (this.history.add(series, value)) this.#kept.add(series, value)
    }
    let points = 0
    if (registry !== undefined) {
      const taker = { add, ...(onHistogram !== undefined && { onHistogram }) }
      points = await slices.run(this.#registrySamples.read(registry, taker))
    }
    const { metrics, dropped } = toForeignMetrics(foreign, registry?.families() ?? [])
    this.#droppedPoints.add(dropped)
    for (const metric of metrics) {
      for (const point of eachPoint(metric, this.#options.clock.nowMs())) {
        points++
        for (const { series, value } of toSamples(point)) add(series, value)
        if (slices.isDue) await slices.pause()
      }
    }
    record(points)
  }

  #reportLimits(): void {
    const { registry, logger } = this.#options
    const { bytes, maxBytes, reachSeconds, isLimited, droppedSamples, store } = this.history.limits
    registry.setGauge('wombat_monitor_history_bytes', bytes)
    registry.setGauge('wombat_monitor_history_limit_bytes', maxBytes)
    registry.setGauge('wombat_monitor_history_reach_seconds', reachSeconds)
    registry.incrementCounter('wombat_monitor_history_dropped_samples_total', droppedSamples - this.#countedDrops)
    if (droppedSamples > 0 && this.#countedDrops === 0) {
      logger.warn(
        { droppedSamples, maxBytes },
        'the history in memory has no room for all series: queries, health checks and alert rules miss some. Raise historyMemoryBytes: each series needs 2 kB at least',
      )
    }
    this.#countedDrops = droppedSamples
    const { fileBytes } = this.#options.durable ?? {}
    if (fileBytes !== undefined) registry.setGauge('wombat_monitor_history_file_bytes', fileBytes)
    if (isLimited === this.#isLimited) return
    this.#isLimited = isLimited
    const fields = { store, reachSeconds, droppedSamples, maxBytes }
    if (isLimited) {
      logger.warn(
        fields,
        'the history in memory has reached its limit: the store that uses most loses its oldest samples. Raise historyMemoryBytes, or measure fewer series',
      )
    } else logger.info(fields, 'the history in memory is below its limit again')
  }

  async #restore(): Promise<void> {
    const { durable, clock } = this.#options
    await durable?.restore(this.history, clock.nowMs())
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      const reason = errorMessage(error)
      this.#options.logger.error({ reason }, 'the metrics could not be recorded in the history')
    }
  }
}
