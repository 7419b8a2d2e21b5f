import type { Attributes } from '@opentelemetry/api'
import type { DataPoint, DataPointType, MetricData, ResourceMetrics, ScopeMetrics } from '@opentelemetry/sdk-metrics'
import type { MetricFamily, MetricKind, MetricsRegistry } from '@wombat/instrumentation'
import { clientOperationDuration, reservedNames, seriesKey } from '@wombat/instrumentation/internal'
import { dataPointTypes } from './otel-data.ts'

/**
 * Why a metric of the application is not among those for Prometheus:
 *
 * - `name`: its name, or that of one of its series, belongs to another metric or to Prometheus itself.
 * - `duplicate`: another point of the metric has the same labels, as Prometheus writes them.
 * - `unsupported`: its kind, an exponential histogram, cannot be expressed in Prometheus' text format.
 */
export const dropReasons = ['name', 'duplicate', 'unsupported'] as const
/** Why points are left out: see `dropReasons`. */
export type DropReason = (typeof dropReasons)[number]

/** Points of one metric that were left out. */
export interface DroppedPoints {
  readonly metric: string
  readonly reason: DropReason
  readonly count: number
}

/** The metrics under the names and labels that they have in Prometheus: no two series are equal. */
export interface PrometheusMetrics {
  readonly resourceMetrics: ResourceMetrics
  readonly dropped: readonly DroppedPoints[]
}

type AnyDataPoint = DataPoint<unknown>

interface Family {
  readonly type: DataPointType
  readonly isCounter: boolean
  readonly isOwn: boolean
  /** The points of the application's own metrics, which may come from several meters. */
  readonly points: AnyDataPoint[]
  readonly labelSets: Set<string>
}

/**
 * Gives metrics the names and labels that they have in Prometheus, by OpenTelemetry's rules ("Prometheus and OpenMetrics
 * Compatibility"): characters that are not valid become underscores, and the values of keys that become one are joined by `;`. What
 * would still be double is left out, and Wombat's own metrics always win. An empty value is no label, as in Prometheus.
 */
export function toPrometheusMetrics(resourceMetrics: ResourceMetrics): PrometheusMetrics {
  const { scopeMetrics } = resourceMetrics
  const all = scopeMetrics.flatMap(({ metrics }) => metrics)
  const table = new FamilyTable()
  const metrics: MetricData[] = all.filter(isOwn).map((metric) => table.addOwn(metric))
  for (const metric of all) {
    const added = isOwn(metric) ? undefined : table.addForeign(metric)
    if (added !== undefined) metrics.push(added)
  }
  return {
    resourceMetrics: {
      // Read by `/metrics` only, and created when it is read.
      get resource() {
        const { resource } = resourceMetrics
        return Object.create(resource, { attributes: { value: toLabels(resource.attributes) } })
      },
      scopeMetrics: [{ scope: { name: '' }, metrics }],
    },
    dropped: table.dropped,
  }
}

/** The metrics of the application under the names and labels that they have in Prometheus. */
export interface ForeignMetrics {
  readonly metrics: readonly MetricData[]
  readonly dropped: readonly DroppedPoints[]
}

/**
 * Does the same as `toPrometheusMetrics` with the metrics of the application only, beside those of a registry that are read directly.
 *
 * @param own the metrics whose names are taken.
 */
export function toForeignMetrics(scopeMetrics: readonly ScopeMetrics[], own: Iterable<MetricFamily>): ForeignMetrics {
  const all = scopeMetrics.flatMap(({ metrics }) => metrics)
  if (all.length === 0) return { metrics: [], dropped: [] }
  const table = new FamilyTable()
  for (const { definition } of own) table.reserve(definition.name, definition.kind)
  return { metrics: all.flatMap((metric) => table.addForeign(metric) ?? []), dropped: table.dropped }
}

/** Counts points that were left out, and warns once about each metric: at most a hundred of them. */
export class DroppedPointsLog {
  readonly #registry: MetricsRegistry
  readonly #exporter: string
  readonly #warned = new Set<string>()

  constructor(registry: MetricsRegistry, exporter: string) {
    this.#registry = registry
    this.#exporter = exporter
    for (const reason of dropReasons) registry.counter('wombat_monitor_dropped_points_total', { exporter, reason })
  }

  add(dropped: readonly DroppedPoints[]): void {
    for (const { metric, reason, count } of dropped) {
      this.#registry.incrementCounter('wombat_monitor_dropped_points_total', count, { exporter: this.#exporter, reason })
      if (this.#warned.has(metric) || this.#warned.size >= 100) continue
      this.#warned.add(metric)
      this.#registry.warn(`${metric}: ${count} points of this metric are not exported to Prometheus: ${remedies[reason]}`)
    }
  }
}

const remedies: Readonly<Record<DropReason, string>> = {
  name: 'another metric, or Prometheus itself, has series with this name; rename the metric',
  duplicate: 'another point has the same labels in Prometheus, where an empty label is none; use other attributes',
  unsupported: 'exponential histograms need OTLP; give it explicit buckets with a view',
}

/** Metrics of a registry have their kind; those of the SDK do not. */
function isOwn(metric: MetricData): boolean {
  return 'kind' in metric
}

class FamilyTable {
  readonly dropped: DroppedPoints[] = []
  readonly #families = new Map<string, Family>()
  /** The family of each name of a series. */
  readonly #seriesNames = new Map<string, string>()

  /** Adds a metric whose names and labels are valid already: the registry checked them. */
  addOwn(metric: MetricData): MetricData {
    const { name } = metric.descriptor
    const full = toOwnName(name)
    this.#register(full, { ...describe(metric), isOwn: true, points: [], labelSets: new Set() })
    return full === name ? metric : withName(metric, full)
  }

  /** Takes the names of a metric of the registry. */
  reserve(name: string, kind: MetricKind): void {
    const type = kind === 'counter' ? dataPointTypes.sum : kind === 'gauge' ? dataPointTypes.gauge : dataPointTypes.histogram
    this.#register(toOwnName(name), { type, isCounter: kind === 'counter', isOwn: true, points: [], labelSets: new Set() })
  }

  /** Adds a metric of the application. Returns undefined if it became part of another one, or was left out. */
  addForeign(metric: MetricData): MetricData | undefined {
    const { dataPoints } = metric
    if (dataPoints.length === 0) return undefined
    const { type, isCounter } = describe(metric)
    if (type === dataPointTypes.exponentialHistogram) return this.#drop(metric, 'unsupported', dataPoints.length)
    const name = toFamilyName(metric.descriptor.name, isCounter)
    const existing = this.#families.get(name)
    const isSame = existing !== undefined && !existing.isOwn && existing.type === type && existing.isCounter === isCounter
    if (!isSame && !this.#isFree(name, type)) return this.#drop(metric, 'name', dataPoints.length)
    const family = isSame ? existing : this.#register(name, { type, isCounter, isOwn: false, points: [], labelSets: new Set() })
    this.#addPoints(family, metric)
    return isSame ? undefined : ({ ...withName(metric, name), dataPoints: family.points } as MetricData)
  }

  #addPoints(family: Family, metric: MetricData): void {
    let duplicates = 0
    for (const point of metric.dataPoints as AnyDataPoint[]) {
      const attributes = toLabels(point.attributes, family.type === dataPointTypes.histogram)
      const labelSet = seriesKey(attributes)
      if (family.labelSets.has(labelSet)) duplicates++
      else family.points.push({ ...point, attributes })
      family.labelSets.add(labelSet)
    }
    if (duplicates > 0) this.#drop(metric, 'duplicate', duplicates)
  }

  #isFree(name: string, type: DataPointType): boolean {
    if (!/[a-z0-9]/i.test(name) || reservedNames.test(name)) return false
    return !this.#families.has(name) && seriesNames(name, type).every((series) => !this.#seriesNames.has(series))
  }

  #register(name: string, family: Family): Family {
    this.#families.set(name, family)
    for (const series of seriesNames(name, family.type)) this.#seriesNames.set(series, name)
    return family
  }

  #drop(metric: MetricData, reason: DropReason, count: number): undefined {
    this.dropped.push({ metric: metric.descriptor.name, reason, count })
  }
}

function describe(metric: MetricData): Pick<Family, 'type' | 'isCounter'> {
  return { type: metric.dataPointType, isCounter: metric.dataPointType === dataPointTypes.sum && metric.isMonotonic }
}

function withName(metric: MetricData, name: string): MetricData {
  return { ...metric, descriptor: { ...metric.descriptor, name } }
}

/** A histogram has the series of its buckets, sum and count; its plain name is that of the family. */
function seriesNames(name: string, type: DataPointType): string[] {
  return type === dataPointTypes.histogram ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name]
}

/** Returns the name in Prometheus of a metric of the registry. Only OpenTelemetry's own metric has another one there. */
export function toOwnName(name: string): string {
  return name === clientOperationDuration.name ? toFamilyName(name, false) : name
}

function toFamilyName(name: string, isCounter: boolean): string {
  // Prometheus and the Collector add the unit over OTLP, but the serializer does not (opentelemetry-js#3466).
  const valid = toName(name === clientOperationDuration.name ? `${name}.seconds` : name)
  const started = /^\d/.test(valid) ? `_${valid}` : valid
  return isCounter && !started.endsWith('_total') ? `${started}_total` : started
}

/** Returns a name with only the characters that Prometheus allows. */
export function toName(name: string): string {
  return name.replace(/[^a-z0-9_]/gi, '_').replace(/_{2,}/g, '_')
}

/** The labels of each set of attributes: most sets are the same objects in every collection. */
const knownLabels = new WeakMap<Attributes, { readonly ofHistogram: boolean; readonly labels: Record<string, string> }>()

/** Returns attributes as the labels that Prometheus has. Every value is a string; `le` belongs to the buckets of a histogram. */
export function toLabels(attributes: Attributes, ofHistogram = false): Record<string, string> {
  const known = knownLabels.get(attributes)
  if (known?.ofHistogram === ofHistogram) return known.labels
  const labels: Record<string, string> = {}
  for (const key of Object.keys(attributes).sort()) {
    const value = attributes[key]
    const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
    const name = toLabelName(key, ofHistogram)
    if (text === '' || name === '') continue
    const joined = labels[name]
    labels[name] = joined === undefined ? text : `${joined};${text}`
  }
  knownLabels.set(attributes, { ofHistogram, labels })
  return labels
}

function toLabelName(key: string, ofHistogram: boolean): string {
  const valid = toName(key)
  if (/^\d/.test(valid)) return `key_${valid}`
  return ofHistogram && valid === 'le' ? 'exported_le' : valid
}
