import type { HrTime, ValueType } from '@opentelemetry/api'
import type { AggregationTemporality, DataPointType } from '@opentelemetry/sdk-metrics'

// The constants and times of OpenTelemetry's data model. Without OTLP nothing else of the SDK is needed, and loading it for these would
// take a third of the start of a process.

export const dataPointTypes = {
  histogram: 0 as DataPointType.HISTOGRAM,
  exponentialHistogram: 1 as DataPointType.EXPONENTIAL_HISTOGRAM,
  gauge: 2 as DataPointType.GAUGE,
  sum: 3 as DataPointType.SUM,
}

export const temporalities = {
  delta: 0 as AggregationTemporality.DELTA,
  cumulative: 1 as AggregationTemporality.CUMULATIVE,
}

/** The kind of number of all metrics. */
export const doubleValueType = 1 as ValueType.DOUBLE

/** Returns Unix time in milliseconds as seconds and nanoseconds. */
export function millisToHrTime(timeMs: number): HrTime {
  const seconds = Math.trunc(timeMs / 1000)
  return [seconds, Math.round((timeMs % 1000) * 1e6)]
}

/** Returns Unix time in milliseconds. */
export function hrTimeToMillis([seconds, nanoseconds]: HrTime): number {
  return seconds * 1000 + nanoseconds / 1e6
}
