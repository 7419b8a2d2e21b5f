import type { MetricsRegistry } from '@wombat/instrumentation'
import { calloutTargets, rejectReasons } from '@wombat/instrumentation/internal'
import type { Component } from '../component.ts'
import { eventLoopTurns } from '../time/event-loop-turns.ts'
import { TimeSlices, type TimeSlicesOptions } from '../time/time-slices.ts'
import { LongestBlocks } from './longest-blocks.ts'

/** The parts of the monitor for which the time that their work takes is recorded. */
const selfTimeParts = ['collection', 'export', 'serving', 'history', 'alerts', 'health'] as const
type SelfTimePart = (typeof selfTimeParts)[number]

const longestBlocks = new WeakMap<MetricsRegistry, LongestBlocks<SelfTimePart>>()

/**
 * Runs a piece of the monitor's own work, which is short, and records its time: in `wombat_monitor_busy_seconds_total`, and in
 * `wombat_monitor_longest_block_seconds`.
 */
export function trackSelfTime<Result>(registry: MetricsRegistry, part: SelfTimePart, work: () => Result): Result {
  const startMs = performance.now()
  // Work in slices has less of this turn.
  eventLoopTurns.enter()
  try {
    return work()
  } finally {
    addSelfTime(registry, part, (performance.now() - startMs) / 1000)
  }
}

/** Returns slices for a long piece of the monitor's own work, and records its time as `trackSelfTime` does. */
export function selfTimeSlices(registry: MetricsRegistry, part: SelfTimePart, options: TimeSlicesOptions = {}): TimeSlices {
  return new TimeSlices({ ...options, onSlice: (seconds) => addSelfTime(registry, part, seconds) })
}

/**
 * Records time of the monitor's own work.
 *
 * @param longestSeconds how long it held the event loop at once at most (default: all the time).
 */
export function addSelfTime(registry: MetricsRegistry, part: SelfTimePart, seconds: number, longestSeconds = seconds): void {
  registry.incrementCounter('wombat_monitor_busy_seconds_total', seconds, { part })
  findLongestBlocks(registry).record(part, longestSeconds, performance.now())
}

function findLongestBlocks(registry: MetricsRegistry): LongestBlocks<SelfTimePart> {
  let blocks = longestBlocks.get(registry)
  if (blocks === undefined) {
    blocks = new LongestBlocks()
    longestBlocks.set(registry, blocks)
  }
  return blocks
}

/**
 * Why a client does not get the whole page for Prometheus:
 *
 * - `gone`: it closed the connection.
 * - `slow`: it did not read, and was disconnected.
 * - `limit`: too many clients waited already.
 */
export const scrapeDropReasons = ['gone', 'slow', 'limit'] as const

/** Publishes the counters of scrapes at 0. */
export function createScrapeCounters(registry: MetricsRegistry): void {
  for (const reason of scrapeDropReasons) registry.counter('wombat_monitor_scrapes_dropped_total', { reason })
}

/** Gauges that the monitor sets, and that are unknown when it is closed. */
const monitorGauges: ReadonlySet<string> = new Set([
  'db_alerts',
  'wombat_monitor_history_bytes',
  'wombat_monitor_history_file_bytes',
  'wombat_monitor_history_limit_bytes',
  'wombat_monitor_history_reach_seconds',
  'wombat_monitor_latency_sample_ratio',
  'wombat_monitor_longest_block_seconds',
  'wombat_monitor_operation_cost_seconds',
  'wombat_monitor_overhead_ratio',
  'wombat_monitor_notifications_pending',
  'wombat_monitor_alert_rules_unmatched',
  'wombat_monitor_points',
])

/** Publishes the monitor's own metrics at 0 from the start, and withdraws its gauges at the end: they would keep their last value. */
export function createSelfMetrics(registry: MetricsRegistry): Component {
  let stopPublishing = (): void => {}
  return {
    start: () => {
      for (const reason of rejectReasons) registry.counter('wombat_monitor_refused_values_total', { reason })
      for (const part of selfTimeParts) registry.counter('wombat_monitor_busy_seconds_total', { part })
      registry.counter('wombat_monitor_source_failures_total')
      for (const target of calloutTargets) registry.counter('wombat_monitor_callout_failures_total', { target })
      // Stores that were measured before the monitoring started may have filled metrics already.
      registry.setGauge('wombat_monitor_overflowed_metrics', registry.gauge('wombat_monitor_overflowed_metrics').value ?? 0)
      registry.histogram('wombat_monitor_collection_duration_seconds')
      publishLongestBlocks(registry)
      stopPublishing = registry.collectors.add(() => publishLongestBlocks(registry))
    },
    close: () => {
      stopPublishing()
      withdrawGauges(registry)
    },
  }
}

function publishLongestBlocks(registry: MetricsRegistry): void {
  const blocks = findLongestBlocks(registry)
  for (const part of selfTimeParts) {
    const seconds = blocks.longestSeconds(part, performance.now())
    registry.setGaugeWithLabels('wombat_monitor_longest_block_seconds', seconds, { part })
  }
}

function withdrawGauges(registry: MetricsRegistry): void {
  const { enabled } = registry
  // A disabled registry ignores changes of its gauges.
  registry.enabled = true
  for (const { definition, series } of registry.families()) {
    if (!monitorGauges.has(definition.name)) continue
    for (const { instrument } of series.values()) if ('set' in instrument) instrument.set(undefined)
  }
  registry.enabled = enabled
}
