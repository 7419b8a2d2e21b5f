import { Counter } from '../metrics/counter.ts'
import { MetricDefinitions, overflowLabel } from '../metrics/definition.ts'
import { errorKind } from '../metrics/error-type.ts'
import { Gauge } from '../metrics/gauge.ts'
import { Histogram } from '../metrics/histogram.ts'
import type { InstrumentOwner, RejectReason } from '../metrics/instrument-owner.ts'
import { type Labels, seriesKey, validateLabel } from '../metrics/labels.ts'
import { type Metric, readMetric } from '../metrics/metric.ts'
import type { MetricName, Semconv } from '../metrics/semconv.ts'
import { latencyBounds, type MetricDefinition } from '../metrics/semconv.ts'
import type { Instrument, MetricFamily, Series } from '../metrics/series.ts'
import { describeValue } from '../validation/describe-value.ts'
import { permissionProblem } from '../validation/permission.ts'
import { validateOptions } from '../validation/validate-options.ts'
import type { CalloutTarget } from './callouts.ts'
import { Collectors } from './collectors.ts'
import { logDiagnostic } from './diagnostics.ts'
import { defaultRetentionMs, EndedStores } from './ended-stores.ts'
import { MeasuredStores } from './measured-stores.ts'
import { OperationObserver } from './observer.ts'
import { type StoreEntry, StoreSeries, storeOf } from './store-series.ts'

interface MutableFamily extends MetricFamily {
  readonly series: Map<string, Series>
}

/** Options of a `MetricsRegistry`. */
export interface RegistryOptions {
  /**
   * The highest number of series of one metric (default 2000). Further label sets share one overflow series, which
   * counts as one.
   */
  readonly cardinalityLimit?: number
  /** The names under which operations are exported (default `wombat`). */
  readonly semconv?: Semconv
  /** How long the series of a store stay after it was closed or dropped, in milliseconds (default 300,000). */
  readonly endedStoreRetentionMs?: number
}

/** Why a store was forgotten: it has `ended` for a while, or earlier because of the `limit` of ended stores, or by `request`. */
export const forgetReasons = ['ended', 'limit', 'request'] as const

type ForgetReason = (typeof forgetReasons)[number]

/** The name of a metric of the catalog, or of a metric that was declared. */
export type AnyMetricName = MetricName | (string & {})

const noLabels: Labels = Object.freeze({})
const overflowLabels: Labels = Object.freeze({ [overflowLabel]: 'true' })

/** What the warning about a rejected value recommends; for labels, `validateLabels` states what is wrong. */
const remedies: Readonly<Record<Exclude<RejectReason, 'labels'>, string>> = {
  negative: 'record 0 or more',
  not_finite: 'record a finite number',
  undeclared: 'use a metric of the catalog, or declare it first',
  wrong_kind: 'use the method for the kind of the metric',
}

/**
 * Holds the metrics of one process, by name and labels. The metrics of the catalog exist from the start; declare each
 * metric of your own once.
 *
 * Recording by name (`incrementCounter`, `setGauge`, `recordHistogram`) never throws: a rejected value is counted in
 * `wombat_monitor_refused_values_total` and logged once. Getting an instrument (`counter`, `gauge`, `histogram`) is
 * part of the setup: it throws if the name, the kind or a label is wrong.
 *
 * @example
 * ```ts
 * import { MetricsRegistry } from '@wombat/instrumentation'
 *
 * const registry = new MetricsRegistry()
 * registry.declare({
 *   name: 'app_jobs_total',
 *   kind: 'counter',
 *   unit: '{job}',
 *   description: 'Completed jobs.',
 *   attributes: ['queue'],
 * })
 * const mailJobs = registry.counter('app_jobs_total', { queue: 'mail' }) // in the setup
 * mailJobs.add() // for each job
 * registry.incrementCounter('app_jobs_total', 2, { queue: 'print' }) // by name: slower, never throws
 * for (const { name, labels, value } of registry.getAllMetrics()) console.log(name, labels, value)
 * ```
 */
export class MetricsRegistry implements InstrumentOwner {
  /** While false, nothing is recorded; recorded values stay. */
  enabled = true
  /**
   * Receives warnings (default: OpenTelemetry's `diag.warn`): one for each metric and reason if values are rejected,
   * and one for each metric that reaches the cardinality limit.
   */
  warn: (message: string) => void = (message) => logDiagnostic('warn', message)
  /** The names under which operations are exported. */
  readonly semconv: Semconv
  /** The highest number of series of one metric, including the overflow series. */
  cardinalityLimit: number
  readonly #families = new Map<string, MutableFamily>()
  /** Callbacks that run before each collection, for values that no operation records. */
  readonly collectors = new Collectors(
    (first) => {
      this.incrementCounter('wombat_monitor_source_failures_total')
      if (first === undefined) return
      this.warnSafely(`a collect callback failed, its metrics are missing or out of date: ${errorKind(first.error)}`)
    },
    (late, all) =>
      this.warnOnce(
        'late collectors',
        `${late} of ${all} sources of engine metrics did not answer within 1 s, their metrics are those of an earlier collection: the disk or the threads of the pool are busy, raise UV_THREADPOOL_SIZE if the threads are; further ones are only counted`,
      ),
    () => this.#updateForgotten(),
  )
  /** The stores that record into this registry. */
  readonly stores = new MeasuredStores((error) => this.recordCalloutFailure('listener', error))
  /** Slow and failed operations, spans and sampling: what is observed in addition to counts and latencies. */
  readonly observer = new OperationObserver((target, error) => this.recordCalloutFailure(target, error))
  readonly #definitions = new MetricDefinitions()
  readonly #listeners = new Set<(family: MetricFamily, series: Series) => void>()
  readonly #forgetListeners = new Set<(store: string, series: readonly Series[]) => void>()
  readonly #storeSeries = new StoreSeries()
  readonly #endedStores: EndedStores
  readonly #warned = new Set<string>()
  readonly #overflowing = new Set<string>()
  /** A label that every series may have, beside those of its metric. */
  #commonLabel: string | undefined

  /**
   * @throws RangeError if `cardinalityLimit` is not a whole number of 1 or more.
   * @throws RangeError if `endedStoreRetentionMs` is not a number of 0 or more.
   * @throws TypeError if `semconv` is unknown.
   */
  constructor(options: RegistryOptions = {}) {
    validateOptions(options, {
      call: 'new MetricsRegistry()',
      names: ['cardinalityLimit', 'semconv', 'endedStoreRetentionMs'],
      example: '{ cardinalityLimit: 5000 }',
    })
    const { cardinalityLimit = 2000, semconv = 'wombat', endedStoreRetentionMs = defaultRetentionMs } = options
    if (!Number.isInteger(cardinalityLimit) || cardinalityLimit < 1) {
      throw new RangeError(
        `cardinalityLimit must be a whole number of 1 or more, got ${cardinalityLimit}: it limits the series of one metric`,
      )
    }
    if (!['wombat', 'otel', 'both'].includes(semconv)) {
      throw new TypeError(`semconv must be "wombat", "otel" or "both", got ${JSON.stringify(semconv)}`)
    }
    this.cardinalityLimit = cardinalityLimit
    this.semconv = semconv
    this.#endedStores = new EndedStores(defaultRetentionMs)
    this.endedStoreRetentionMs = endedStoreRetentionMs
  }

  /** How long the series of a store stay after it was closed or dropped, in milliseconds. */
  get endedStoreRetentionMs(): number {
    return this.#endedStores.retentionMs
  }

  /** @throws RangeError if it is not a number of 0 or more. */
  set endedStoreRetentionMs(retentionMs: number) {
    if (!(retentionMs >= 0)) {
      throw new RangeError(
        `endedStoreRetentionMs must be a number of milliseconds of 0 or more, got ${retentionMs}: the series of a closed store stay for this time`,
      )
    }
    this.#endedStores.retentionMs = retentionMs
  }

  /** @internal Creates a registry in which every series may have one more label. */
  static createLabeled(options: RegistryOptions, label: string): MetricsRegistry {
    const registry = new MetricsRegistry(options)
    registry.#commonLabel = label
    return registry
  }

  /** Returns the definition of a metric; undefined if it is neither in the catalog nor declared. */
  definition(name: string): MetricDefinition | undefined {
    return this.#definitions.get(name)
  }

  /**
   * Adds a metric of your own. Declaring an equal definition again changes nothing.
   *
   * @throws TypeError if the name has another definition, or would differ between Prometheus, OTLP and a Collector.
   * @throws RangeError if a bound is not positive, finite and at least 6.25 % above the one before it.
   */
  declare(definition: MetricDefinition): this {
    this.#definitions.declare(definition)
    return this
  }

  /**
   * Returns the counter of one series, at 0 if it is new. Keep it: adding to it costs one addition and no lookup.
   *
   * @throws TypeError if the metric is not declared, is not a counter, or does not have these labels.
   */
  counter(name: AnyMetricName, labels: Labels = noLabels): Counter {
    return this.#getOrCreate(name, labels, Counter)
  }

  /**
   * Returns the gauge of one series, without a value if it is new.
   *
   * @throws TypeError if the metric is not declared, is not a gauge, or does not have these labels.
   */
  gauge(name: AnyMetricName, labels: Labels = noLabels): Gauge {
    return this.#getOrCreate(name, labels, Gauge)
  }

  /**
   * Returns the histogram of one series of a histogram or summary, empty if it is new.
   *
   * @throws TypeError if the metric is not declared, is not a histogram or summary, or does not have these labels.
   */
  histogram(name: AnyMetricName, labels: Labels = noLabels): Histogram {
    return this.#getOrCreate(name, labels, Histogram)
  }

  /** Adds a finite amount of 0 or more to a counter (default 1), in the unit of the metric. Never throws. */
  incrementCounter(name: AnyMetricName, value = 1, labels: Labels = noLabels): void {
    this.#find(name, labels, Counter)?.add(value)
  }

  /** Sets a gauge without labels to a finite number, in the unit of the metric. Never throws. */
  setGauge(name: AnyMetricName, value: number): void {
    this.#find(name, noLabels, Gauge)?.set(value)
  }

  /** Sets a gauge to a finite number, in the unit of the metric. Never throws. */
  setGaugeWithLabels(name: AnyMetricName, value: number, labels: Labels): void {
    this.#find(name, labels, Gauge)?.set(value)
  }

  /** Records a finite number of 0 or more in a histogram or summary, in the unit of the metric. Never throws. */
  recordHistogram(name: AnyMetricName, value: number, labels: Labels = noLabels): void {
    this.#find(name, labels, Histogram)?.record(value)
  }

  /** Reads all metrics: one entry for each series that has a value. Does not run the collectors. */
  getAllMetrics(): Metric[] {
    const timestamp = Date.now()
    return [...this.#families.values()].flatMap((family) =>
      [...family.series.values()].flatMap((series) => readMetric(family.definition, series, timestamp) ?? []),
    )
  }

  /** Returns every metric that has a series. */
  *families(): Iterable<MetricFamily> {
    // One whose stores were all forgotten has none.
    for (const family of this.#families.values()) if (family.series.size > 0) yield family
  }

  /** Calls the listener for each existing series and for each new one. Returns a function that removes the listener. */
  onSeries(listener: (family: MetricFamily, series: Series) => void): () => void {
    for (const family of this.#families.values()) for (const series of family.series.values()) listener(family, series)
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * Removes all series of a store, those with its name as the label `store`, and releases their memory. The registry does this by itself
   * `endedStoreRetentionMs` after the last store with this name was closed or dropped; call it for a name that you record under yourself, as
   * with `DatabaseMetrics`, or to release a name earlier. What was not collected yet is lost.
   *
   * If something is recorded under the name later, its series appear again and count from 0, as after a restart. A store that is open appears
   * again with the next collection.
   *
   * @returns whether there were any.
   *
   * @example
   * ```ts
   * import { DatabaseMetrics, MetricsRegistry } from '@wombat/instrumentation'
   *
   * const registry = new MetricsRegistry()
   * const tenant = new DatabaseMetrics(registry, { store: 'tenant 7' })
   * tenant.recordGet(2_000_000, true)
   * console.log(registry.forget('tenant 7'), registry.getAllMetrics().some(({ labels }) => labels['store'] === 'tenant 7')) // true false
   * ```
   */
  forget(store: string): boolean {
    return this.#forget(store, 'request')
  }

  /** @internal Removes all series of a store that other processes have forgotten, which have counted it. */
  withdraw(store: string): void {
    this.#forget(store, undefined)
  }

  /** Calls the listener with each store that is forgotten, and with its series. Returns a function that removes the listener. */
  onForget(listener: (store: string, series: readonly Series[]) => void): () => void {
    this.#forgetListeners.add(listener)
    return () => this.#forgetListeners.delete(listener)
  }

  /** @internal A measured store with this name is in use from now on: open, opening, or failed to open. */
  beginStore(name: string): void {
    this.#endedStores.begin(name)
    this.publishAgain(name)
  }

  /** @internal A measured store with this name was closed or dropped. */
  endStore(name: string): void {
    this.#endedStores.end(name)
    this.#forgetEnded()
  }

  /** @internal Whether a store was forgotten, and nothing was recorded under its name since. */
  isForgotten(name: string): boolean {
    return this.#storeSeries.isForgotten(name)
  }

  /**
   * Counts an error of code that this package called and does not own: it went no further. Warns once for each target. Never throws.
   *
   * @param target what was called.
   */
  recordCalloutFailure(target: CalloutTarget, error?: unknown): void {
    this.incrementCounter('wombat_monitor_callout_failures_total', 1, { target })
    if (target !== 'logger') {
      this.warnOnce(
        `callout ${target}`,
        `the application's ${target} failed, further failures are only counted: ${errorKind(error)}`,
      )
    }
  }

  /**
   * Counts a value that could not be read: it is absent. Warns once for each source. Never throws.
   *
   * @param source what was read, for example `the folder of store "orders"`.
   */
  recordSourceFailure(source: string, error: unknown): void {
    this.incrementCounter('wombat_monitor_source_failures_total')
    this.warnOnce(
      `source ${source}`,
      `${source} cannot be read and is absent, further failures are only counted: ${permissionProblem(error) ?? errorKind(error)}`,
    )
  }

  /** Counts a rejected value, and warns once for each metric and reason. Never throws. */
  reject(metric: string, reason: RejectReason, got: unknown): void {
    this.incrementCounter('wombat_monitor_refused_values_total', 1, { reason })
    const problem = reason === 'labels' ? describe(got) : `got ${describe(got)}: ${remedies[reason]}`
    this.warnOnce(`${metric} ${reason}`, `${metric}: value rejected (${reason}), ${problem}; further rejections are only counted`)
  }

  #getOrCreate<Kind extends Instrument>(name: string, labels: Labels, instrumentClass: InstrumentClass<Kind>): Kind {
    const definition = this.#definitions.get(name)
    if (definition === undefined)
      throw new TypeError(
        `metric ${JSON.stringify(name)} is not declared: check its spelling, or call declare({ name, kind, unit, description, attributes }) once`,
      )
    if (!isOfKind(definition, instrumentClass))
      throw new TypeError(`metric ${name} is a ${definition.kind}, not a ${kindName(instrumentClass)}`)
    const family = this.#family(definition)
    const key = seriesKey(labels)
    const existing = family.series.get(key)
    if (existing !== undefined) return existing.instrument as Kind
    const problem = validateLabels(definition, labels, this.#commonLabel)
    if (problem !== undefined) throw new TypeError(`metric ${name}: ${problem}`)
    return this.#addSeries(family, key, labels).instrument as Kind
  }

  /**
   * Returns the instrument for a value that is recorded by name; counts a rejected value and returns `undefined` if
   * there is none.
   */
  #find<Kind extends Instrument>(name: string, labels: Labels, instrumentClass: InstrumentClass<Kind>): Kind | undefined {
    if (!this.enabled) return undefined
    try {
      const key = seriesKey(labels)
      const existing = this.#families.get(name)?.series.get(key)
      if (existing !== undefined && existing.instrument instanceof instrumentClass) return existing.instrument
      const definition = this.#definitions.get(name)
      if (definition === undefined || !isOfKind(definition, instrumentClass)) {
        this.reject(name, definition === undefined ? 'undeclared' : 'wrong_kind', kindName(instrumentClass))
        return undefined
      }
      const problem = validateLabels(definition, labels, this.#commonLabel)
      if (problem === undefined) return this.#addSeries(this.#family(definition), key, labels).instrument as Kind
      this.reject(name, 'labels', problem)
      return undefined
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

  #addSeries(family: MutableFamily, labelsKey: string, labels: Labels): Series {
    let key = labelsKey
    const store = storeOf(labels)
    if (store !== undefined) {
      const again = this.#storeSeries.takeOne(store, family.definition.name, key)
      if (again !== undefined) return this.#publish(again)
    }
    let ownLabels: Labels = Object.freeze({ ...labels })
    // The overflow series is within the limit, as in OpenTelemetry's SDK. With one series more than the SDK keeps, the
    // SDK would merge our overflow series with another one and lose one of the two.
    if (this.#isFull(family)) {
      key = seriesKey(overflowLabels)
      ownLabels = overflowLabels
      const overflow = family.series.get(key)
      if (overflow !== undefined) return overflow
      this.#reportOverflow(family)
    }
    const series: Series = {
      labels: ownLabels,
      instrument: this.#createInstrument(family.definition),
      startMs: performance.timeOrigin + performance.now(),
    }
    return this.#publish({ definition: family.definition, key, series })
  }

  #isFull({ series }: MetricFamily): boolean {
    return series.size >= Math.max(1, this.cardinalityLimit - 1)
  }

  #reportOverflow({ definition: { name }, series }: MetricFamily): void {
    this.#overflowing.add(name)
    this.gauge('wombat_monitor_overflowed_metrics').set(this.#overflowing.size)
    this.warnOnce(
      `${name} overflow`,
      `${name}: more than ${series.size} label sets: the others share one series with ${overflowLabel}="true"; use fewer label values or raise cardinalityLimit`,
    )
  }

  #publish(entry: StoreEntry): Series {
    const { definition, key, series } = entry
    const family = this.#family(definition)
    family.series.set(key, series)
    this.#storeSeries.add(entry)
    const store = storeOf(series.labels)
    if (store !== undefined) this.#endedStores.onSeries(store)
    for (const listener of this.#listeners) listener(family, series)
    return series
  }

  /** @internal Publishes the series of a store again that was forgotten. */
  publishAgain(name: string): void {
    for (const entry of this.#storeSeries.take(name)) {
      const family = this.#family(entry.definition)
      if (this.#isFull(family)) this.#reportOverflow(family)
      else if (!family.series.has(entry.key)) this.#publish(entry)
    }
  }

  #forget(name: string, reason: ForgetReason | undefined): boolean {
    const entries = this.#storeSeries.forget(name, reason === 'request')
    this.#endedStores.forget(name)
    if (entries === undefined) return false
    for (const { definition, key, series } of entries) {
      const family = this.#families.get(definition.name)
      if (family?.series.get(key) !== series) continue
      family.series.delete(key)
    }
    if (reason !== undefined) this.incrementCounter('wombat_monitor_forgotten_stores_total', 1, { reason })
    const series = entries.map((entry) => entry.series)
    for (const listener of this.#forgetListeners) listener(name, series)
    return true
  }

  #forgetEnded(): void {
    for (let next = this.#endedStores.next(); next !== undefined; next = this.#endedStores.next()) {
      const { name, isEarly } = next
      this.#forget(name, isEarly ? 'limit' : 'ended')
      if (isEarly) {
        this.warnOnce(
          'ended stores',
          'more than 200 stores ended within the time for which their series stay: the series of the oldest are removed earlier, and their last counts may be missing in an export; use the same name for stores of one kind',
        )
      }
    }
  }

  /** Forgets stores that have ended, and publishes those again into which something was recorded since they were forgotten. */
  #updateForgotten(): void {
    for (const name of this.#storeSeries.recorded()) this.publishAgain(name)
    this.#forgetEnded()
  }

  #createInstrument({ name, kind, bounds = latencyBounds, aggregation }: MetricDefinition): Instrument {
    if (kind === 'counter') return new Counter(this, name)
    if (kind === 'gauge') return new Gauge(this, name, aggregation)
    return new Histogram(this, name, bounds)
  }

  /** Warns, at most once for each topic. Never throws. */
  warnOnce(topic: string, message: string): void {
    if (this.#warned.has(topic) || this.#warned.size >= 1000) return
    this.#warned.add(topic)
    this.warnSafely(message)
  }

  /** Calls `warn`. An error of it is counted and goes no further. */
  warnSafely(message: string): void {
    try {
      this.warn(message)
    } catch {
      // It must not reach the code that records.
      this.recordCalloutFailure('logger')
    }
  }
}

/** Creates a registry in which every series may have one more label, such as that of the process it comes from. */
export function createLabeledRegistry(options: RegistryOptions, label: string): MetricsRegistry {
  return MetricsRegistry.createLabeled(options, label)
}

/** @throws TypeError if the value is not a `MetricsRegistry`, of any copy of this package. */
export function validateRegistry(value: unknown): void {
  const isRegistry = typeof value === 'object' && value !== null && 'onSeries' in value && typeof value.onSeries === 'function'
  if (!isRegistry) throw new TypeError(`registry must be a MetricsRegistry, got ${describeValue(value)}`)
}

type InstrumentClass<Kind extends Instrument> = abstract new (...args: never[]) => Kind

function kindName(instrumentClass: InstrumentClass<Instrument>): string {
  if (instrumentClass === (Counter as InstrumentClass<Instrument>)) return 'counter'
  return instrumentClass === (Gauge as InstrumentClass<Instrument>) ? 'gauge' : 'histogram'
}

function isOfKind({ kind }: MetricDefinition, instrumentClass: InstrumentClass<Instrument>): boolean {
  return kindName(instrumentClass) === (kind === 'summary' ? 'histogram' : kind)
}

/**
 * Returns what is wrong with the labels, or `undefined`. Only the metric's attributes are valid: a misspelled key would
 * create other series.
 */
function validateLabels({ attributes }: MetricDefinition, labels: Labels, commonLabel?: string): string | undefined {
  for (const [key, value] of Object.entries(labels)) {
    if (!attributes.includes(key) && key !== commonLabel) {
      const known = attributes.length === 0 ? 'the metric has no labels' : `the labels of the metric are ${attributes.join(', ')}`
      return `unknown label ${JSON.stringify(key)}: ${known}`
    }
    const problem = validateLabel(key, value)
    if (problem !== undefined) return problem
  }
  return undefined
}

/** Returns a value as text for a warning. Never calls an object's own methods: they may throw. */
function describe(value: unknown): string {
  if (typeof value === 'object' && value !== null) return 'an object'
  return typeof value === 'function' ? 'a function' : String(value).slice(0, 200)
}
