import { type Operation, operations } from '@wombat/instrumentation'
import { operationMetrics } from '@wombat/instrumentation/internal'
import { rate } from '../promql.ts'
import { bucketMatcher } from './latency-bound.ts'
import { type Objectives, validateObjectives } from './objectives.ts'
import type { RecordingRule, RuleGroup } from './rule-group.ts'

/** The windows of the burn rates. A long window moves slowly, and costs more to look at. */
export const windows = ['5m', '30m', '1h', '2h', '6h', '1d', '3d'] as const
export type Window = (typeof windows)[number]

const intervals: Readonly<Record<Window, string>> = {
  '5m': '30s',
  '30m': '1m',
  '1h': '1m',
  '2h': '1m',
  '6h': '2m',
  '1d': '2m',
  '3d': '2m',
}

/** The operations whose latency is promised. */
const promised: readonly Operation[] = ['get', 'set']

/**
 * What is kept apart: two services may each have a store of one name, and neither's failures are to be lost in the other's traffic.
 * A service goes by one of these labels, or by both; a label that a route does not give is no label.
 */
const kept = ['job', 'service_name', 'store']
const sumOf = (of: string): string => `sum by (${kept.join(', ')}) (${of})`

/** The names under which a window is recorded: what it is added up by, of what, and how. */
export function recorded(window: Window) {
  return {
    operationsByKind: `service_store_operation:db_operations:rate${window}`,
    errorsByKind: `service_store_operation:db_errors:rate${window}`,
    timedByKind: `service_store_operation:db_latency_seconds_count:rate${window}`,
    fastByKind: `service_store_operation:db_latency_seconds_fast:rate${window}`,
    operations: `service_store:db_operations:rate${window}`,
    errors: `service_store:db_errors:rate${window}`,
    timed: `service_store:db_latency_seconds_count:rate${window}`,
    errorRatio: `service_store:db_errors:ratio_rate${window}`,
    slowRatio: `service_store:db_latency_seconds_slow:ratio_rate${window}`,
  } as const
}

/**
 * What burn rates look at, recorded: rates by service and store, and by operation too; the share that failed, and the share of
 * gets and sets that was too slow. A share of nothing is not recorded: silence is not success.
 */
export function recordingGroups(objectives?: Objectives): RuleGroup[] {
  const { latencySeconds } = validateObjectives(objectives)
  return windows.map((window) => ({
    name: `wombat-recording-${window}`,
    interval: intervals[window],
    rules: rulesOf(window, latencySeconds),
  }))
}

/** A group is evaluated in its order: what is added up was recorded in the same moment. */
function rulesOf(window: Window, latencySeconds: number): RecordingRule[] {
  const names = recorded(window)
  // Prometheus forgets the name of what it takes a rate of, and with it the operation: a label keeps it.
  const each = (record: string, of: readonly Operation[], expression: (operation: Operation) => string): RecordingRule[] =>
    of.map((operation) => ({ record, expr: expression(operation), labels: { operation } }))
  const sum = (record: string, of: string): RecordingRule => ({ record, expr: sumOf(of) })
  return [
    ...each(names.operationsByKind, operations, (operation) => rate(operationMetrics(operation).operations, window, kept)),
    ...each(names.errorsByKind, operations, (operation) => rate(operationMetrics(operation).errors, window, kept)),
    ...each(names.timedByKind, promised, (operation) => timed(operation, window)),
    ...each(names.fastByKind, promised, (operation) => fast(operation, window, latencySeconds)),
    sum(names.operations, names.operationsByKind),
    sum(names.errors, names.errorsByKind),
    sum(names.timed, names.timedByKind),
    { record: names.errorRatio, expr: `${names.errors} / (${names.operations} > 0)` },
    { record: names.slowRatio, expr: `1 - ${sumOf(names.fastByKind)} / (${names.timed} > 0)` },
  ]
}

function timed(operation: Operation, window: Window): string {
  return sumOf(`rate(${operationMetrics(operation).latency}_count[${window}])`)
}

function fast(operation: Operation, window: Window, seconds: number): string {
  const { latency } = operationMetrics(operation)
  return sumOf(`rate(${latency}_bucket{${bucketMatcher(latency, seconds)}}[${window}])`)
}
