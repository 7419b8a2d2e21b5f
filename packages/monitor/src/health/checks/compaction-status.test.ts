import { expect, test } from 'vitest'
import { TimeSeries } from '../../history/memory/time-series.ts'
import type { Sample } from '../../history/series.ts'
import { defaultHealthBounds as bounds } from '../bounds.ts'
import type { HealthStatus } from '../status.ts'
import { evaluateCompaction, reportsCompaction } from './compaction-status.ts'

const gibibyte = 2 ** 30
const stepMs = 10_000

type Values = Readonly<Record<string, number>>

/** Creates a history of a RocksDB store with one object of values per sample; keys are `metric` or `metric label=value`. */
function createHistory(...samples: readonly Values[]) {
  const history = new TimeSeries({ intervalMs: stepMs })
  samples.forEach((values, index) => {
    const points = Object.entries(values).map(([key, value]): Sample => {
      const [name = '', label] = key.split(' ')
      const [label0, value0] = label?.split('=') ?? []
      const labels = { store: 'orders', ...(label0 !== undefined && value0 !== undefined && { [label0]: value0 }) }
      return { series: { name, labels, isCounter: name.endsWith('_total') }, value }
    })
    history.append((index + 1) * stepMs, points)
  })
  return { history, nowMs: samples.length * stepMs }
}

function evaluate(
  { history, nowMs }: ReturnType<typeof createHistory>,
  previousStatus: HealthStatus = 'healthy',
  engine = 'rocksdb',
  storeCount = 1,
) {
  return evaluateCompaction(history, { store: 'orders', engine, storeCount, bounds, previousStatus }, nowMs)
}

test('an engine without compaction metrics is not checked, and one that stopped reporting them is unknown', () => {
  expect(reportsCompaction(new TimeSeries(), 'orders')).toBe(false)
  const { history, nowMs } = createHistory({ db_compaction_pending_bytes: 0 }, {})
  expect(reportsCompaction(history, 'orders')).toBe(true)
  expect(evaluate({ history, nowMs })).toEqual({ status: 'unknown', message: 'Compaction status is unknown', reason: 'no_data' })
})

test.each([
  [19, 'rocksdb', 'healthy', 'healthy', 'Compaction keeps up', 20],
  [20, 'rocksdb', 'healthy', 'degraded', 'Level 0 is filling up', 20],
  [15, 'rocksdb', 'degraded', 'degraded', 'Level 0 is filling up', 15],
  [14, 'rocksdb', 'degraded', 'healthy', 'Compaction keeps up', 20],
  [36, 'rocksdb', 'healthy', 'unhealthy', 'Level 0 is full', 36],
  [27, 'rocksdb', 'unhealthy', 'unhealthy', 'Level 0 is full', 27],
  [8, 'leveldb', 'healthy', 'degraded', 'Level 0 is filling up', 8],
  [12, 'leveldb', 'healthy', 'unhealthy', 'Level 0 is full', 12],
] as const)('%i files in level 0 of %s, previously %s: %s', (files, engine, previous, status, message, bound) => {
  const history = createHistory({ 'db_level_files level=0': files, 'db_level_files level=1': 99 })
  expect(evaluate(history, previous, engine)).toMatchObject({
    status,
    message,
    observed: { value: files, unit: '{file}', bound },
  })
})

test('files of two stores of one name are summed, and so are their bounds', () => {
  const history = createHistory({ 'db_level_files level=0': 12 })
  expect(evaluate(history, 'healthy', 'leveldb', 2)).toMatchObject({ status: 'healthy' })
  expect(evaluate(history, 'healthy', 'leveldb', 1)).toMatchObject({ status: 'unhealthy' })
})

test.each([
  [16, 'healthy', 'healthy', 'Compaction keeps up'],
  [17, 'healthy', 'degraded', 'Compaction is falling behind'],
  [13, 'degraded', 'degraded', 'Compaction is falling behind'],
  [12, 'degraded', 'healthy', 'Compaction keeps up'],
  [65, 'healthy', 'unhealthy', 'Compaction is far behind'],
] as const)('%i GiB of pending compaction, previously %s: %s', (gibibytes, previous, status, message) => {
  expect(evaluate(createHistory({ db_compaction_pending_bytes: gibibytes * gibibyte }), previous)).toMatchObject({
    status,
    message,
  })
})

test('an active stall is unhealthy, and critical after a minute; its longest cause counts', () => {
  const stalled = (level0: number, memtable: number) =>
    createHistory({
      'db_write_stall_active_seconds cause=level0': level0,
      'db_write_stall_active_seconds cause=memtable': memtable,
    })
  expect(evaluate(stalled(0, 0))).toEqual({ status: 'healthy', message: 'Compaction keeps up' })
  expect(evaluate(stalled(60, 2))).toMatchObject({
    status: 'unhealthy',
    message: 'Writes are stalled (level0)',
    observed: { value: 60, unit: 's', bound: 60, series: { labels: { store: 'orders', cause: 'level0' } } },
  })
  expect(evaluate(stalled(2, 61))).toMatchObject({ status: 'critical', message: 'Writes are stalled (memtable)' })
})

test('a background error is critical for five minutes', () => {
  const errors = (count: number) => ({ db_compaction_pending_bytes: 0, db_background_errors_total: count })
  const { history } = createHistory(errors(2), errors(3), ...Array.from({ length: 40 }, () => errors(3)))
  const at = (tick: number) => evaluate({ history, nowMs: tick * stepMs })
  expect(at(1)).toMatchObject({ status: 'healthy' })
  expect(at(2)).toMatchObject({
    status: 'critical',
    message: 'Background work of the database fails',
    observed: { value: 1, unit: '{error}' },
  })
  expect(at(31)).toMatchObject({ status: 'critical' })
  expect(at(32)).toMatchObject({ status: 'healthy' })
})

test('writes stalled for more than 5 % of the window are degraded, until the share is well below that', () => {
  const stalledFor = (seconds: number) =>
    createHistory(
      { db_compaction_pending_bytes: 0, 'db_write_stall_seconds_total cause=level0': 1 },
      { db_compaction_pending_bytes: 0, 'db_write_stall_seconds_total cause=level0': 1 + seconds },
    )
  expect(evaluate(stalledFor(15))).toMatchObject({ status: 'healthy' })
  expect(evaluate(stalledFor(18))).toMatchObject({
    status: 'degraded',
    message: 'Writes are often stalled',
    observed: { value: 0.06, unit: '1', bound: 0.05 },
  })
  expect(evaluate(stalledFor(12), 'degraded')).toMatchObject({ status: 'degraded' })
})
