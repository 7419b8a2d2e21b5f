import type { Exemplar, Histogram, MetricDefinition, MetricFamily, MetricsRegistry, Series } from '@wombat/instrumentation'
import { isCatalogMetric } from '@wombat/instrumentation/internal'
import { TimeSlices } from '../time/time-slices.ts'
import { encodeMessage } from './message.ts'
import { type ExemplarRow, entryKey, type FrameHead, type SeriesRow } from './series-table.ts'

/** A part of what changed in a registry. */
export interface Frame extends FrameHead {
  readonly numbers: Float64Array
}

/** A frame is small: the receiver handles it in one go. */
const maxRows = 400
const maxNumbers = 8192
/** Exemplars are texts, and of each bucket only the last one is kept: a histogram sends them every few seconds. */
const exemplarIntervalMs = 2000

/** Stores of which the receiver is told that they were forgotten. */
const maxForgotten = 10_000

interface Source {
  readonly definition: MetricDefinition
  readonly series: Series
  /** Whether the receiver knows which series has its number. */
  isDefined: boolean
  /** The value that was sent last; NaN if it was unknown, undefined before the first. */
  value: number | undefined
  /** The numbers of a histogram that were sent last. */
  numbers: Float64Array | undefined
  /** The exemplars that were sent last, and from when on the next are. */
  exemplars: readonly Exemplar[]
  nextExemplarsMs: number
  /** What is left out of every value, because it was counted elsewhere. */
  readonly base: number | Float64Array | undefined
}

/** Returns what changed in a registry since it was asked last, as frames for a `SeriesTable`. */
export class RegistryFeed {
  #sources: Array<Source | undefined> = []
  /** The numbers of the sources, and those that are free again. */
  #ids = new Map<Series, number>()
  #freeIds: number[] = []
  /** The stores that were forgotten and that the receiver does not know of yet. */
  #forgotten: string[] = []
  /** Their numbers: free when the receiver knows. */
  #forgottenIds: number[] = []
  #unsubscribe: () => void
  /** What is left out of the value of each series, by metric and labels. */
  #bases: ReadonlyMap<string, number | Float64Array> = new Map()
  readonly #definedMetrics = new Set<string>()
  #isRestart = true
  /** The number of the pass over the sources that runs; undefined if none does. */
  #runningPass: number | undefined
  #passes = 0
  #scratch = new Float64Array(0)

  constructor(registry: MetricsRegistry) {
    this.#unsubscribe = this.#subscribe(registry)
  }

  #subscribe(registry: MetricsRegistry): () => void {
    const stops = [
      registry.onSeries((family, series) => this.#add(family, series)),
      registry.onForget((store, series) => this.#forget(store, series)),
    ]
    return () => {
      for (const stop of stops) stop()
    }
  }

  /** Starts again for another receiver: the next frames contain everything. A pass that runs ends where it is. */
  restart(): void {
    this.#runningPass = undefined
    this.#isRestart = true
    this.#definedMetrics.clear()
    for (const source of this.#sources) {
      if (source === undefined) continue
      source.isDefined = false
      source.value = undefined
      source.numbers = undefined
      source.exemplars = []
      source.nextExemplarsMs = 0
    }
  }

  /** Starts again for another registry, which contains the values of the one before. */
  follow(registry: MetricsRegistry): void {
    this.#unsubscribe()
    this.#sources = []
    this.#ids = new Map()
    this.#freeIds = []
    this.#forgottenIds = []
    this.#unsubscribe = this.#subscribe(registry)
    this.restart()
  }

  /** Starts again, and counts only from now on: what was recorded before was counted by a receiver that is gone. */
  restartAtZero(registry: MetricsRegistry): void {
    this.#bases = readBases(registry)
    this.follow(registry)
  }

  /** Passes what changed to `send`, in slices. Resolves to the seconds that the event loop was busy with it. */
  async sendTo(send: (frame: Frame) => void): Promise<number> {
    let busySeconds = 0
    const slices = new TimeSlices({
      onSlice: (seconds) => {
        busySeconds += seconds
      },
    })
    for (const frame of this.#frames()) {
      if (frame !== undefined) send(frame)
      await slices.yieldIfDue()
    }
    slices.end()
    return busySeconds
  }

  /** Passes what changed to `send` at once, without a pause. */
  sendNow(send: (frame: Frame) => void): void {
    for (const frame of this.#frames()) if (frame !== undefined) send(frame)
  }

  /** Returns what changed as bytes: one message named `frame` after the other. */
  encode(): Buffer {
    const messages: Buffer[] = []
    this.sendNow(({ numbers, ...body }) => messages.push(encodeMessage({ name: 'frame', body, numbers })))
    return Buffer.concat(messages)
  }

  /** Returns what changed, frame by frame. What is undefined in between is a place to pause. */
  *#frames(): Generator<Frame | undefined> {
    // What an unfinished pass has read and not sent would be lost.
    if (this.#runningPass !== undefined) this.restart()
    const pass = ++this.#passes
    this.#runningPass = pass
    let writer = this.#startFrame()
    const isRestart = this.#isRestart
    this.#isRestart = false
    // Series that appear meanwhile are in the next call.
    const { length } = this.#sources
    for (let id = 0; id < length; id++) {
      const source = this.#sources[id]
      if (source !== undefined) {
        if (!source.isDefined) this.#define(writer, id, source)
        this.#write(writer, id, source)
      }
      if (writer.isFull) {
        yield writer.frame()
        writer = this.#startFrame()
      } else if (id % 64 === 63) yield undefined
      if (this.#runningPass !== pass) return
    }
    this.#runningPass = undefined
    if (isRestart || !writer.isEmpty) yield writer.frame()
  }

  #startFrame(): FrameWriter {
    const forgotten = this.#forgotten
    this.#forgotten = []
    this.#freeIds.push(...this.#forgottenIds.splice(0))
    return new FrameWriter(this.#isRestart, forgotten)
  }

  #add({ definition }: MetricFamily, series: Series): void {
    const base = this.#bases.size === 0 ? undefined : this.#bases.get(entryKey(definition.name, series.labels))
    const id = this.#freeIds.pop() ?? this.#sources.length
    this.#ids.set(series, id)
    this.#sources[id] = {
      definition,
      series,
      isDefined: false,
      value: undefined,
      numbers: undefined,
      exemplars: [],
      nextExemplarsMs: 0,
      base,
    }
  }

  #forget(store: string, series: readonly Series[]): void {
    this.#forgotten.push(store)
    // Without a receiver for long: it notices at its next start which series are gone.
    if (this.#forgotten.length > maxForgotten) this.#forgotten.shift()
    for (const one of series) {
      const id = this.#ids.get(one)
      if (id === undefined) continue
      this.#ids.delete(one)
      this.#sources[id] = undefined
      this.#forgottenIds.push(id)
    }
  }

  #define(writer: FrameWriter, id: number, source: Source): void {
    const { definition, series } = source
    source.isDefined = true
    const { name, kind } = definition
    if (!isCatalogMetric(name) && !this.#definedMetrics.has(name)) {
      this.#definedMetrics.add(name)
      writer.metrics.push(definition)
    }
    writer.rows.push([id, name, series.labels, kind])
  }

  #write(writer: FrameWriter, id: number, source: Source): void {
    const { instrument } = source.series
    if ('copyNumbers' in instrument) {
      this.#writeHistogram(writer, id, source, instrument)
      writeExemplars(writer, id, source, instrument)
      return
    }
    const { base = 0 } = source
    const value = (instrument.value ?? Number.NaN) - (base as number)
    // Values that are NaN are the same, and a series that starts without a value needs no number.
    if (Object.is(value, source.value) || (source.value === undefined && Number.isNaN(value))) return
    source.value = value
    writer.numbers.push(id, value)
  }

  #writeHistogram(writer: FrameWriter, id: number, source: Source, histogram: Histogram): void {
    const { numberCount } = histogram
    if (this.#scratch.length < numberCount) this.#scratch = new Float64Array(numberCount)
    const now = this.#scratch
    histogram.copyNumbers(now, 0)
    const { numbers: before, base } = source
    const bins = numberCount - 3
    // The smallest and the largest value since then are not known.
    if (base instanceof Float64Array) for (let at = 0; at <= bins; at++) now[at] = (now[at] as number) - (base[at] as number)
    const { numbers } = writer
    const start = numbers.length
    for (let bin = 0; bin < bins; bin++) {
      const count = now[bin] as number
      if (count !== (before === undefined ? 0 : (before[bin] as number))) numbers.push(bin, count)
    }
    const length = (numbers.length - start) / 2
    // An empty histogram has only its definition.
    if (length === 0) return
    const changed = numbers.splice(start)
    numbers.push(id, now[bins] as number, now[bins + 1] as number, now[bins + 2] as number, length, ...changed)
    source.numbers ??= new Float64Array(numberCount)
    source.numbers.set(now.subarray(0, numberCount))
  }
}

function writeExemplars(writer: FrameWriter, id: number, source: Source, { exemplars }: Histogram): void {
  if (exemplars.length === 0) return
  const nowMs = performance.now()
  if (nowMs < source.nextExemplarsMs) return
  source.nextExemplarsMs = nowMs + exemplarIntervalMs
  for (const exemplar of exemplars) if (!source.exemplars.includes(exemplar)) writer.exemplars.push([id, exemplar])
  source.exemplars = exemplars
}

/** Returns the counters and histograms as they are now. */
function readBases(registry: MetricsRegistry): Map<string, number | Float64Array> {
  const bases = new Map<string, number | Float64Array>()
  for (const { definition, series } of registry.families()) {
    for (const { labels, instrument } of series.values()) {
      const key = entryKey(definition.name, labels)
      if ('copyNumbers' in instrument) {
        const numbers = new Float64Array(instrument.numberCount)
        instrument.copyNumbers(numbers, 0)
        bases.set(key, numbers)
      } else if ('add' in instrument) bases.set(key, instrument.value)
    }
  }
  return bases
}

class FrameWriter {
  readonly rows: SeriesRow[] = []
  readonly metrics: MetricDefinition[] = []
  readonly numbers: number[] = []
  readonly exemplars: ExemplarRow[] = []
  readonly #isRestart: boolean
  readonly #forgotten: readonly string[]

  constructor(isRestart: boolean, forgotten: readonly string[]) {
    this.#isRestart = isRestart
    this.#forgotten = forgotten
  }

  get isEmpty(): boolean {
    return this.#forgotten.length === 0 && this.rows.length === 0 && this.numbers.length === 0 && this.exemplars.length === 0
  }

  get isFull(): boolean {
    return this.rows.length >= maxRows || this.numbers.length >= maxNumbers || this.exemplars.length >= maxRows
  }

  frame(): Frame {
    const { rows: series, metrics, numbers, exemplars } = this
    return {
      series,
      metrics,
      numbers: Float64Array.from(numbers),
      ...(exemplars.length > 0 && { exemplars }),
      ...(this.#forgotten.length > 0 && { forgotten: this.#forgotten }),
      ...(this.#isRestart && { isRestart: true }),
    }
  }
}
