import { type Operation, operations } from '@wombat/instrumentation'
import { operationMetrics } from '@wombat/instrumentation/internal'
import { bucketMatcher, rate } from '../promql.ts'
import { type Objectives, validateObjectives } from './objectives.ts'
import type { RecordingRule, RuleGroup } from './rule-file.ts'

const windows = ['5m', '30m', '1h', '2h', '6h', '1d', '3d'] as const

/** A window of the recorded rates. */
export type Window = (typeof windows)[number]

/** Rates over long windows change slowly and are expensive, so they are evaluated less often. */
const evaluationIntervals: Readonly<Record<Window, string>> = {
  '5m': '30s',
  '30m': '1m',
  '1h': '1m',
  '2h': '1m',
  '6h': '2m',
  '1d': '2m',
  '3d': '2m',
}

/** Operations with a latency objective. */
const latencyOperations: readonly Operation[] = ['get', 'set']

/**
 * Labels that recorded series keep. Two services may have stores of the same name; summed up, the traffic of one would hide the
 * failures of the other. A route sets `job`, `service_name` or both; PromQL ignores a missing label.
 */
const groupingLabels = ['job', 'service_name', 'store']
const sum = (expression: string): string => `sum by (${groupingLabels.join(', ')}) (${expression})`

/** Returns the names of the series recorded for a window. They follow Prometheus' convention `level:metric:operations`. */
export function recordedNames(window: Window) {
  return {
    operationsByType: `service_store_operation:db_operations:rate${window}`,
    errorsByType: `service_store_operation:db_errors:rate${window}`,
    latencyCountByType: `service_store_operation:db_latency_seconds_count:rate${window}`,
    fastByType: `service_store_operation:db_latency_seconds_fast:rate${window}`,
    operations: `service_store:db_operations:rate${window}`,
    errors: `service_store:db_errors:rate${window}`,
    latencyCount: `service_store:db_latency_seconds_count:rate${window}`,
    errorRatio: `service_store:db_errors:ratio_rate${window}`,
    slowRatio: `service_store:db_latency_seconds_slow:ratio_rate${window}`,
  } as const
}

/**
 * Returns one group of recording rules per window, which the alerts of `burnRateGroups` use: rates per service and store, with and
 * without the operation, the error ratio, and the ratio of gets and sets above the latency limit. Without traffic, no ratio is
 * recorded: a store without operations neither meets nor violates an objective.
 *
 * @throws RangeError if an objective is out of range.
 */
export function recordingGroups(objectives?: Objectives): RuleGroup[] {
  const complete = validateObjectives(objectives)
  return windows.map((window) => ({
    name: `wombat-recording-${window}`,
    interval: evaluationIntervals[window],
    rules: recordingRules(window, complete),
  }))
}

/** The order matters: Prometheus evaluates a group in order, so later rules see what earlier ones recorded at the same timestamp. */
function recordingRules(window: Window, objectives: Required<Objectives>): RecordingRule[] {
  const names = recordedNames(window)
  // `rate` drops the metric name and with it the operation, so the operation becomes a label.
  const perOperation = (
    record: string,
    recorded: readonly Operation[],
    expression: (operation: Operation) => string,
  ): RecordingRule[] => recorded.map((operation) => ({ record, expr: expression(operation), labels: { operation } }))
  const sumRule = (record: string, addends: string): RecordingRule => ({ record, expr: sum(addends) })
  return [
    ...perOperation(names.operationsByType, operations, (operation) =>
      rate(operationMetrics(operation).operations, window, groupingLabels),
    ),
    ...perOperation(names.errorsByType, operations, (operation) =>
      rate(operationMetrics(operation).errors, window, groupingLabels),
    ),
    ...perOperation(names.latencyCountByType, latencyOperations, (operation) => latencyCount(operation, window, objectives)),
    ...perOperation(names.fastByType, latencyOperations, (operation) => fastCount(operation, window, objectives)),
    sumRule(names.operations, names.operationsByType),
    sumRule(names.errors, names.errorsByType),
    sumRule(names.latencyCount, names.latencyCountByType),
    { record: names.errorRatio, expr: `${names.errors} / (${names.operations} > 0)` },
    { record: names.slowRatio, expr: `1 - ${sum(names.fastByType)} / (${names.latencyCount} > 0)` },
  ]
}

function latencyCount(operation: Operation, window: Window, { nativeHistograms }: Required<Objectives>): string {
  const { latency } = operationMetrics(operation)
  const ofBuckets = sum(`rate(${latency}_count[${window}])`)
  return nativeHistograms ? `${sum(nativeCount(latency, window))} or ${ofBuckets}` : ofBuckets
}

function fastCount(operation: Operation, window: Window, { latencySeconds, nativeHistograms }: Required<Objectives>): string {
  const { latency } = operationMetrics(operation)
  const ofBuckets = sum(`rate(${latency}_bucket{${bucketMatcher(latency, latencySeconds)}}[${window}])`)
  if (!nativeHistograms) return ofBuckets
  const share = `histogram_fraction(-Inf, ${latencySeconds}, rate(${latency}[${window}]))`
  return `${sum(`${share} * ${nativeCount(latency, window)}`)} or ${ofBuckets}`
}

/** Returns PromQL for how many values a native histogram has counted; nothing of one without any, of which no share is known. */
function nativeCount(latency: string, window: Window): string {
  return `(histogram_count(rate(${latency}[${window}])) > 0)`
}
