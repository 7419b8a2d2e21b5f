import type { DataPoint, Histogram as HistogramValue, MetricData } from '@opentelemetry/sdk-metrics'
import type { Labels, MetricDefinition, Semconv, Series } from '@wombat/instrumentation'
import { isExported } from '@wombat/instrumentation/internal'
import { KeptSeries } from '../../collection/kept-series.ts'
import { dataPointTypes, hrTimeToMillis } from '../../collection/otel-data.ts'
import { toLabels, toOwnName } from '../../collection/prometheus-metrics.ts'
import type { Reading } from '../../collection/registry-reader.ts'
import type { PageFamily, PageHistogram, PageSeries, PageWriter } from './page-writer.ts'

/** What is on a page. */
export interface PageContent {
  readonly reading: Reading
  /** The metrics of the application, under the names and labels that they have in Prometheus. */
  readonly foreign: readonly MetricData[]
  /** The names under which operations are exported. */
  readonly semconv: Semconv
}

/** Writes the application's metrics in another way than series by series. */
export type WriteForeign = (metrics: readonly MetricData[]) => Iterable<void>

/** Series that are written without a pause: some ten microseconds. */
const batchLength = 16

const families = new WeakMap<MetricDefinition, PageFamily>()

/** A series of a registry on the page. */
interface WrittenSeries extends PageSeries {
  readonly series: Series
}

const keptSeries = new KeptSeries<WrittenSeries>((series) => {
  return { series, labels: series.labels, text: undefined, encodedLabels: undefined }
})

/**
 * Writes a page. Yields between short pieces of the work; the values are those of the moment at which they are written. In between, series
 * may be added.
 */
export function* writePage(
  { reading, foreign, semconv }: PageContent,
  writer: PageWriter,
  writeForeign: WriteForeign = (metrics) => writeMetrics(metrics, writer),
): Generator<void> {
  const { registry, resource, startTimes, record } = reading
  writer.writeTargetInfo(toLabels(resource.attributes))
  let points = 0
  let inBatch = 0
  for (const family of registry?.families() ?? []) {
    const { definition, series } = family
    if (!isExported(definition.name, semconv)) {
      if (semconv !== 'wombat') points += series.size
      continue
    }
    writer.beginFamily(familyOf(definition))
    for (const kept of keptSeries.of(family)) {
      if (writeSeries(kept, startTimes.toUnixMs(kept.series.startMs), writer)) points++
      if (++inBatch < batchLength) continue
      inBatch = 0
      yield
    }
    writer.endFamily()
  }
  for (const { dataPoints } of foreign) points += dataPoints.length
  yield* writeForeign(foreign.filter(({ descriptor }) => isExported(descriptor.name, semconv)))
  writer.end()
  record(points)
}

// Shared by all histograms: each one is written before the next one is read.
let cumulative = new Float64Array(64)

function writeSeries(series: WrittenSeries, createdMs: number, writer: PageWriter): boolean {
  const { instrument } = series.series
  if ('value' in instrument) {
    const { value } = instrument
    if (value === undefined) return false
    writer.writeNumber(series, value, createdMs)
    return true
  }
  const { bounds } = instrument.buckets
  if (bounds.length >= cumulative.length) cumulative = new Float64Array(2 * bounds.length)
  const sum = instrument.readBuckets(cumulative)
  writer.writeHistogram(series, { bounds, cumulative, sum, exemplars: instrument.exemplars, source: instrument }, createdMs)
  return true
}

function familyOf(definition: MetricDefinition): PageFamily {
  let family = families.get(definition)
  if (family === undefined) {
    const { name, kind, description, unit } = definition
    family = { name: toOwnName(name), type: kind === 'summary' ? 'histogram' : kind, help: description, unit }
    families.set(definition, family)
  }
  return family
}

/** Writes metrics of the SDK series by series. */
export function* writeMetrics(metrics: readonly MetricData[], writer: PageWriter): Generator<void> {
  for (const metric of metrics) {
    const { name, unit, description } = metric.descriptor
    writer.beginFamily({ name, type: typeOf(metric), help: description, unit })
    for (const [index, point] of metric.dataPoints.entries()) {
      const createdMs = hrTimeToMillis(point.startTime)
      const series = { labels: point.attributes as Labels, text: undefined, encodedLabels: undefined }
      if (typeof point.value === 'number') writer.writeNumber(series, point.value, createdMs)
      else writer.writeHistogram(series, readHistogram(point as DataPoint<HistogramValue>), createdMs)
      if (index % batchLength === batchLength - 1) yield
    }
    writer.endFamily()
    yield
  }
}

/** Returns the type of a metric. There are no exponential histograms here, which text cannot express. */
function typeOf(metric: MetricData): PageFamily['type'] {
  if (metric.dataPointType === dataPointTypes.histogram) return 'histogram'
  return metric.dataPointType === dataPointTypes.sum && metric.isMonotonic ? 'counter' : 'gauge'
}

function readHistogram({ value }: DataPoint<HistogramValue>): PageHistogram {
  const { boundaries, counts } = value.buckets
  let count = 0
  const cumulative = Float64Array.from(counts, (one) => {
    count += one
    return count
  })
  // Infinity, which some views have among their bounds, is the bucket after the last bound.
  return { bounds: boundaries.filter(Number.isFinite), cumulative, sum: value.sum ?? 0, exemplars: [], source: undefined }
}
