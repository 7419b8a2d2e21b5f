import { metricsOf, type Operation, operations } from '@wombat/instrumentation'
import { boundMatcher } from './latency-bound.ts'
import { checkedObjectives, type Objectives } from './objectives.ts'
import { rate } from './promql.ts'
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

/** The names under which a window is recorded: what it is added up by, of what, and how. */
export function recorded(window: Window) {
  return {
    operationsByKind: `store_operation:db_operations:rate${window}`,
    errorsByKind: `store_operation:db_errors:rate${window}`,
    timedByKind: `store_operation:db_latency_seconds_count:rate${window}`,
    fastByKind: `store_operation:db_latency_seconds_fast:rate${window}`,
    operations: `store:db_operations:rate${window}`,
    errors: `store:db_errors:rate${window}`,
    timed: `store:db_latency_seconds_count:rate${window}`,
    errorRatio: `store:db_errors:ratio_rate${window}`,
    slowRatio: `store:db_latency_seconds_slow:ratio_rate${window}`,
  } as const
}

/**
 * What dashboards and burn rates look at, recorded: rates by store, and by store and operation; the share that failed, and the
 * share of gets and sets that was too slow. A share of nothing is not recorded: silence is not success.
 */
export function recordingGroups(objectives?: Objectives): RuleGroup[] {
  const { latencySeconds } = checkedObjectives(objectives)
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
  const sum = (record: string, of: string): RecordingRule => ({ record, expr: `sum by (store) (${of})` })
  return [
    ...each(names.operationsByKind, operations, (operation) => rate(metricsOf(operation).operations, window)),
    ...each(names.errorsByKind, operations, (operation) => rate(metricsOf(operation).errors, window)),
    ...each(names.timedByKind, promised, (operation) => timed(operation, window)),
    ...each(names.fastByKind, promised, (operation) => fast(operation, window, latencySeconds)),
    sum(names.operations, names.operationsByKind),
    sum(names.errors, names.errorsByKind),
    sum(names.timed, names.timedByKind),
    { record: names.errorRatio, expr: `${names.errors} / (${names.operations} > 0)` },
    { record: names.slowRatio, expr: `1 - sum by (store) (${names.fastByKind}) / (${names.timed} > 0)` },
  ]
}

function timed(operation: Operation, window: Window): string {
  return `sum by (store) (rate(${metricsOf(operation).latency}_count[${window}]))`
}

function fast(operation: Operation, window: Window, seconds: number): string {
  const { latency } = metricsOf(operation)
  return `sum by (store) (rate(${latency}_bucket{${boundMatcher(latency, seconds)}}[${window}]))`
}
