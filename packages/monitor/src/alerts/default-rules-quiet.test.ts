import { type MetricName, metrics } from '@wombat/instrumentation'
import { expect, test } from 'vitest'
import { TimeSeries } from '../history/memory/time-series.ts'
import type { Sample } from '../history/series.ts'
import { defaultRules } from './default-rules.ts'
import { AlertManager } from './manager.ts'

/** The value of a metric of a store, `seconds` after the start of the process. Undefined: the metric has no series. */
type World = (metric: string, seconds: number) => number | undefined

const gibibyte = 2 ** 30

/** A store that does nothing, on a volume with much free space. */
const idle: World = (metric, seconds) => {
  const { kind } = metrics[metric as MetricName]
  const fixed: Readonly<Record<string, number>> = {
    db_disk_available_bytes: 100 * gibibyte,
    db_disk_capacity_bytes: 250 * gibibyte,
    db_disk_available_inodes: 1e7,
    db_total_disk_bytes: 2 * gibibyte,
    db_free_bytes: 0.1 * gibibyte,
    db_wal_bytes: 4 * 2 ** 20,
    db_store_info: 1,
    wombat_process_resident_memory_bytes: 0.2 * gibibyte,
    wombat_process_memory_limit_bytes: 2 * gibibyte,
    wombat_monitor_points: 500,
  }
  if (metric === 'wombat_monitor_alert_evaluations_total') return Math.floor(seconds / 60)
  return fixed[metric] ?? (kind === 'gauge' || kind === 'counter' ? 0 : undefined)
}

const worlds: Readonly<Record<string, World>> = {
  'an idle store': idle,
  'a process that has just started: the first operations are slow, and its files grow': (metric, seconds) => {
    if (metric === 'db_get_operations_total') return seconds * 2
    if (metric === 'db_oldest_operation_age_seconds') return seconds < 20 ? 3 : 0
    if (metric === 'db_queue_depth') return seconds < 60 ? 5000 : 10
    if (metric === 'db_disk_available_bytes') return 100 * gibibyte - Math.min(seconds, 120) * 0.2 * gibibyte
    if (metric === 'wombat_monitor_alert_evaluations_missed_total') return 1
    return idle(metric, seconds)
  },
  'a bulk load of twenty minutes: writes as fast as the store takes them': (metric, seconds) => {
    const loaded = Math.min(seconds, 1200)
    if (metric === 'db_set_operations_total' || metric === 'db_batch_operations_total') return loaded * 20_000
    if (metric === 'db_level_files') return seconds < 1200 ? 9 : 2
    if (metric === 'db_queue_depth') return seconds < 1200 ? 800 : 0
    if (metric === 'db_disk_available_bytes') return 100 * gibibyte - loaded * 0.04 * gibibyte
    if (metric === 'db_total_disk_bytes') return 2 * gibibyte + loaded * 0.04 * gibibyte
    if (metric === 'db_compaction_pending_bytes') return seconds < 1200 ? 8 * gibibyte : 0
    if (metric === 'db_wal_bytes') return seconds < 500 ? 200 * 2 ** 20 : 4 * 2 ** 20
    if (metric === 'db_write_stall_seconds_total') return loaded * 0.03
    if (metric === 'db_write_stall_active_seconds') return seconds < 1200 ? 2 : 0
    if (metric === 'db_immutable_memtables') return 2
    return idle(metric, seconds)
  },
  'one error in 144 operations': (metric, seconds) => {
    if (metric === 'db_get_operations_total') return Math.min(144, Math.floor(seconds / 10))
    if (metric === 'db_get_errors_total' || metric === 'db_errors_total') return seconds >= 700 ? 1 : 0
    return idle(metric, seconds)
  },
  'a restart in the middle: every counter begins again, and nothing is measured for a minute': (metric, seconds) => {
    if (seconds >= 3000 && seconds < 3060) return undefined
    const since = seconds < 3000 ? seconds : seconds - 3060
    if (/_operations_total$/.test(metric)) return since * 100
    if (metric === 'db_get_errors_total') return Math.floor(since * 0.5)
    if (metric === 'wombat_monitor_clock_steps_total') return 1
    return idle(metric, since)
  },
}

function samplesOf(world: World, seconds: number): Sample[] {
  return Object.values(metrics).flatMap(({ name, kind, attributes }) => {
    const value = world(name, seconds)
    if (value === undefined) return []
    const known: Readonly<Record<string, string>> = { level: '0', engine: 'leveldb', error_type: '_OTHER', status: 'healthy' }
    const labels = Object.fromEntries(attributes.map((label) => [label, known[label] ?? 'orders']))
    return [{ series: { name, labels, isCounter: kind === 'counter' }, value }]
  })
}

test.each(Object.entries(worlds))('%s: no default rule fires, for three hours', (_, world) => {
  const history = new TimeSeries({ intervalMs: 10_000 })
  const manager = new AlertManager(defaultRules, history)
  const fired = new Set<string>()
  for (let seconds = 0; seconds <= 3 * 3600; seconds += 10) {
    history.append(seconds * 1000, samplesOf(world, seconds))
    if (seconds % 60 !== 0) continue
    for (const { to, alert } of manager.evaluate(seconds * 1000))
      if (to === 'firing') fired.add(`${alert.rule} after ${seconds} s`)
  }
  expect([...fired]).toEqual([])
})
