import { diag } from '@opentelemetry/api'
import { Counter } from '../metrics/counter.ts'
import { MetricDefinitions, overflowLabel } from '../metrics/definition.ts'
import { Gauge } from '../metrics/gauge.ts'
import { Histogram } from '../metrics/histogram.ts'
import type { InstrumentOwner, RejectReason } from '../metrics/instrument-owner.ts'
import { type Labels, seriesKey, validateLabel } from '../metrics/labels.ts'
import { type Metric, readMetric } from '../metrics/metric.ts'
import type { MetricName, Semconv } from '../metrics/semconv.ts'
import { latencyBounds, type MetricDefinition } from '../metrics/semconv.ts'
import type { Instrument, MetricFamily, Series } from '../metrics/series.ts'
import { Collectors } from './collectors.ts'
import { MeasuredStores } from './measured-stores.ts'
import { OperationObserver } from './observer.ts'

interface MutableFamily extends MetricFamily {
  readonly series: Map<string, Series>
}

export interface RegistryOptions {
  /** How many series one metric may have (default 2000). The last of them adds up what comes past the others. */
  readonly cardinalityLimit?: number
  /** Under which names operations are exported (default `wombat`). */
  readonly semconv?: Semconv
}

/** A catalogue's name, or the name of a metric that was declared. */
export type AnyMetricName = MetricName | (string & {})

const noLabels: Labels = Object.freeze({})
const overflowed: Labels = Object.freeze({ [overflowLabel]: 'true' })

/**
 * All numbers of one process, by name and labels. Names of the catalogue are there from the start; a metric of your own is
 * declared once. Recording by name (`incrementCounter`, `setGauge`, `recordHistogram`) never throws: what cannot be taken is
 * counted in `wombat_monitor_refused_values_total` and logged once. Binding a handle (`counter`, `gauge`, `histogram`) is
 * part of setting up, and says what is wrong with an exception.
 */
export class MetricsRegistry implements InstrumentOwner {
  /** While false nothing is recorded; what was recorded stays. */
  enabled = true
  /** Told once of each kind of value that is refused and each metric that overflows (default: OpenTelemetry's `diag`). */
  warn: (message: string) => void = (message) => diag.warn(`@wombat/instrumentation: ${message}`)
  readonly semconv: Semconv
  /** How many series one metric may have. */
  cardinalityLimit: number
  readonly #families = new Map<string, MutableFamily>()
  /** Who is asked for its numbers before each collection. */
  readonly collectors = new Collectors(() => this.incrementCounter('wombat_monitor_source_failures_total'))
  /** The stores whose numbers these are. */
  readonly stores = new MeasuredStores()
  /** What is looked at beside counting and timing: slow and failed operations, spans, sampling. */
  readonly observer = new OperationObserver()
  readonly #definitions = new MetricDefinitions()
  readonly #listeners = new Set<(family: MetricFamily, series: Series) => void>()
  readonly #said = new Set<string>()
  readonly #overflowing = new Set<string>()

  constructor({ cardinalityLimit = 2000, semconv = 'wombat' }: RegistryOptions = {}) {
    if (!Number.isInteger(cardinalityLimit) || cardinalityLimit < 1) {
      throw new RangeError(
        `cardinalityLimit must be a whole number of 1 or more, got ${cardinalityLimit}: it bounds the series of one metric`,
      )
    }
    if (!['wombat', 'otel', 'both'].includes(semconv)) {
      throw new TypeError(`semconv must be "wombat", "otel" or "both", got ${JSON.stringify(semconv)}`)
    }
    this.cardinalityLimit = cardinalityLimit
    this.semconv = semconv
  }

  /**
   * Makes a metric of your own known. Declaring the very same again changes nothing.
   *
   * @throws TypeError when the name is taken by a different metric, or would not survive the way to Prometheus.
   * @throws RangeError when the bounds cannot be counted apart.
   */
  declare(definition: MetricDefinition): this {
    this.#definitions.declare(definition)
    return this
  }

  /** The handle of a counter: bind it once, add to it at the cost of an addition. @throws TypeError */
  counter(name: AnyMetricName, labels: Labels = noLabels): Counter {
    return this.#bind(name, labels, Counter)
  }

  /** The handle of a gauge. @throws TypeError */
  gauge(name: AnyMetricName, labels: Labels = noLabels): Gauge {
    return this.#bind(name, labels, Gauge)
  }

  /** The handle of a histogram or summary. @throws TypeError */
  histogram(name: AnyMetricName, labels: Labels = noLabels): Histogram {
    return this.#bind(name, labels, Histogram)
  }

  incrementCounter(name: AnyMetricName, value = 1, labels: Labels = noLabels): void {
    this.#cell(name, labels, Counter)?.add(value)
  }

  setGauge(name: AnyMetricName, value: number): void {
    this.#cell(name, noLabels, Gauge)?.set(value)
  }

  setGaugeWithLabels(name: AnyMetricName, value: number, labels: Labels): void {
    this.#cell(name, labels, Gauge)?.set(value)
  }

  recordHistogram(name: AnyMetricName, value: number, labels: Labels = noLabels): void {
    this.#cell(name, labels, Histogram)?.record(value)
  }

  /** Everything there is to read now, one entry for each metric and set of labels. */
  getAllMetrics(): Metric[] {
    const timestamp = Date.now()
    return [...this.#families.values()].flatMap((family) =>
      [...family.series.values()].flatMap((series) => readMetric(family.definition, series, timestamp) ?? []),
    )
  }

  /** Every metric that has a series. */
  families(): Iterable<MetricFamily> {
    return this.#families.values()
  }

  /** Calls back for every series there is and every one to come. Returns the way to stop. */
  onSeries(listener: (family: MetricFamily, series: Series) => void): () => void {
    for (const family of this.#families.values()) for (const series of family.series.values()) listener(family, series)
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Counts a value that could not be taken and says so once for each metric and reason. Never throws. */
  reject(metric: string, reason: RejectReason, got: unknown): void {
    this.incrementCounter('wombat_monitor_refused_values_total', 1, { reason })
    this.#sayOnce(
      `${metric} ${reason}`,
      `${metric}: value refused (${reason}), got ${describe(got)}; further ones are only counted`,
    )
  }

  #bind<C extends Instrument>(name: string, labels: Labels, kind: CellKind<C>): C {
    const definition = this.#definitions.get(name)
    if (definition === undefined)
      throw new TypeError(
        `metric ${JSON.stringify(name)} is not declared: call declare({ name, kind, unit, description, attributes }) once`,
      )
    if (!fits(definition, kind)) throw new TypeError(`metric ${name} is a ${definition.kind}, not a ${kindName(kind)}`)
    const family = this.#family(definition)
    const identity = seriesKey(labels)
    const known = family.series.get(identity)
    if (known !== undefined) return known.instrument as C
    const fault = validateLabels(definition, labels)
    if (fault !== undefined) throw new TypeError(`metric ${name}: ${fault}`)
    return this.#add(family, identity, labels).instrument as C
  }

  /** The cell for a value that comes by name; undefined, and counted, where there can be none. */
  #cell<C extends Instrument>(name: string, labels: Labels, kind: CellKind<C>): C | undefined {
    if (!this.enabled) return undefined
    try {
      const family = this.#families.get(name)
      const known = family?.series.get(seriesKey(labels))
      if (known !== undefined && known.instrument instanceof kind) return known.instrument
      const definition = this.#definitions.get(name)
      if (definition === undefined || !fits(definition, kind)) {
        this.reject(name, definition === undefined ? 'undeclared' : 'wrong_kind', kindName(kind))
        return undefined
      }
      return this.#bind(name, labels, kind)
    } catch (error) {
      this.reject(name, 'labels', error instanceof Error ? error.message : error)
      return undefined
    }
  }

  #family(definition: MetricDefinition): MutableFamily {
    let family = this.#families.get(definition.name)
    if (family === undefined) {
      family = { definition, series: new Map() }
      this.#families.set(definition.name, family)
    }
    return family
  }

  #add(family: MutableFamily, identity: string, labels: Labels): Series {
    const { name } = family.definition
    let key = identity
    let own: Labels = Object.freeze({ ...labels })
    // The series for the rest is within the limit, as in OpenTelemetry's SDK: where we had one more than it keeps apart, it
    // would put our overflow together with another series and lose one of the two.
    if (family.series.size >= Math.max(1, this.cardinalityLimit - 1)) {
      key = seriesKey(overflowed)
      own = overflowed
      const overflow = family.series.get(key)
      if (overflow !== undefined) return overflow
      this.#overflowing.add(name)
      this.gauge('wombat_monitor_overflowed_metrics').set(this.#overflowing.size)
      this.#sayOnce(
        `${name} overflow`,
        `${name}: more than ${family.series.size} sets of labels; the rest is added up under ${overflowLabel}="true"`,
      )
    }
    const series: Series = { labels: own, instrument: this.#makeCell(family.definition), startMs: Date.now() }
    family.series.set(key, series)
    for (const listener of this.#listeners) listener(family, series)
    return series
  }

  #makeCell({ name, kind, bounds = latencyBounds }: MetricDefinition): Instrument {
    if (kind === 'counter') return new Counter(this, name)
    if (kind === 'gauge') return new Gauge(this, name)
    return new Histogram(this, name, bounds)
  }

  #sayOnce(topic: string, message: string): void {
    if (this.#said.has(topic) || this.#said.size >= 1000) return
    this.#said.add(topic)
    try {
      this.warn(message)
    } catch {
      // The application's logger failed: that must not reach whoever records.
    }
  }
}

type CellKind<C extends Instrument> = abstract new (...args: never[]) => C

function kindName(kind: CellKind<Instrument>): string {
  if (kind === (Counter as CellKind<Instrument>)) return 'counter'
  return kind === (Gauge as CellKind<Instrument>) ? 'gauge' : 'histogram'
}

function fits({ kind }: MetricDefinition, cell: CellKind<Instrument>): boolean {
  return kindName(cell) === (kind === 'summary' ? 'histogram' : kind)
}

/** Labels must be among the metric's own attributes: a typing error would otherwise make a second family of series. */
function validateLabels({ attributes }: MetricDefinition, labels: Labels): string | undefined {
  for (const [key, value] of Object.entries(labels)) {
    if (!attributes.includes(key)) {
      return `has no label ${JSON.stringify(key)}, only ${attributes.length === 0 ? 'none' : attributes.join(', ')}`
    }
    const fault = validateLabel(key, value)
    if (fault !== undefined) return fault
  }
  return undefined
}

/** A value of a caller's mistake, in words. Objects are not asked for theirs: that may throw. */
function describe(value: unknown): string {
  if (typeof value === 'object' && value !== null) return 'an object'
  return typeof value === 'function' ? 'a function' : String(value).slice(0, 200)
}
