import { expect, test } from 'vitest'
import { TimeSeries } from '../../history/memory/time-series.ts'
import type { Sample } from '../../history/series.ts'
import { defaultHealthBounds as bounds } from '../bounds.ts'
import type { HealthStatus } from '../status.ts'
import { compactionFinding, reportsCompaction } from './compaction-status.ts'

const gibibyte = 2 ** 30
const stepMs = 10_000

type Numbers = Readonly<Record<string, number>>

/** A history in which a store of RocksDB had these numbers, `metric` or `metric label=value`, one tick after the other. */
function past(...ticks: readonly Numbers[]) {
  const history = new TimeSeries({ intervalMs: stepMs })
  ticks.forEach((numbers, tick) => {
    const samples = Object.entries(numbers).map(([key, value]): Sample => {
      const [name = '', label] = key.split(' ')
      const [label0, value0] = label?.split('=') ?? []
      const labels = { store: 'orders', ...(label0 !== undefined && value0 !== undefined && { [label0]: value0 }) }
      return { series: { name, labels, isCounter: name.endsWith('_total') }, value }
    })
    history.append((tick + 1) * stepMs, samples)
  })
  return { history, nowMs: ticks.length * stepMs }
}

function judge(
  { history, nowMs }: ReturnType<typeof past>,
  before: HealthStatus = 'healthy',
  engine = 'rocksdb',
  storeCount = 1,
) {
  return compactionFinding(history, { store: 'orders', engine, storeCount, bounds, before }, nowMs)
}

test('an engine that tells nothing is known by it, and one that fell silent is unknown', () => {
  expect(reportsCompaction(new TimeSeries(), 'orders')).toBe(false)
  const { history, nowMs } = past({ db_compaction_pending_bytes: 0 }, {})
  expect(reportsCompaction(history, 'orders')).toBe(true)
  expect(judge({ history, nowMs })).toEqual({ status: 'unknown', message: 'Compaction status is not known', reason: 'silent' })
})

test.each([
  [19, 'rocksdb', 'healthy', 'healthy', 'Compaction keeps up', 20],
  [20, 'rocksdb', 'healthy', 'degraded', 'Level 0 fills up', 20],
  [15, 'rocksdb', 'degraded', 'degraded', 'Level 0 fills up', 15],
  [14, 'rocksdb', 'degraded', 'healthy', 'Compaction keeps up', 20],
  [36, 'rocksdb', 'healthy', 'unhealthy', 'Level 0 is full', 36],
  [27, 'rocksdb', 'unhealthy', 'unhealthy', 'Level 0 is full', 27],
  [8, 'leveldb', 'healthy', 'degraded', 'Level 0 fills up', 8],
  [12, 'leveldb', 'healthy', 'unhealthy', 'Level 0 is full', 12],
] as const)('%i files in level 0 of %s, before %s: %s', (files, engine, before, status, message, bound) => {
  const seen = past({ 'db_level_files level=0': files, 'db_level_files level=1': 99 })
  expect(judge(seen, before, engine)).toMatchObject({ status, message, observed: { value: files, unit: '{file}', bound } })
})

test('files of two stores of one name are added up, and so are their bounds', () => {
  const seen = past({ 'db_level_files level=0': 12 })
  expect(judge(seen, 'healthy', 'leveldb', 2)).toMatchObject({ status: 'healthy' })
  expect(judge(seen, 'healthy', 'leveldb', 1)).toMatchObject({ status: 'unhealthy' })
})

test.each([
  [16, 'healthy', 'healthy', 'Compaction keeps up'],
  [17, 'healthy', 'degraded', 'Compaction falls behind'],
  [13, 'degraded', 'degraded', 'Compaction falls behind'],
  [12, 'degraded', 'healthy', 'Compaction keeps up'],
  [65, 'healthy', 'unhealthy', 'Compaction is far behind'],
] as const)('%i GiB to rewrite, before %s: %s', (gibibytes, before, status, message) => {
  expect(judge(past({ db_compaction_pending_bytes: gibibytes * gibibyte }), before)).toMatchObject({ status, message })
})

test('a stall in progress is unhealthy, and critical after a minute; the longest of its causes counts', () => {
  const stalled = (level0: number, memtable: number) =>
    past({ 'db_write_stall_active_seconds cause=level0': level0, 'db_write_stall_active_seconds cause=memtable': memtable })
  expect(judge(stalled(0, 0))).toEqual({ status: 'healthy', message: 'Compaction keeps up' })
  expect(judge(stalled(60, 2))).toMatchObject({
    status: 'unhealthy',
    message: 'Writes are stalled (level0)',
    observed: { value: 60, unit: 's', bound: 60, series: { labels: { store: 'orders', cause: 'level0' } } },
  })
  expect(judge(stalled(2, 61))).toMatchObject({ status: 'critical', message: 'Writes are stalled (memtable)' })
})

test('an error in the background is critical for five minutes', () => {
  const errors = (count: number) => ({ db_compaction_pending_bytes: 0, db_background_errors_total: count })
  const { history } = past(errors(2), errors(3), ...Array.from({ length: 40 }, () => errors(3)))
  const at = (tick: number) => judge({ history, nowMs: tick * stepMs })
  expect(at(1)).toMatchObject({ status: 'healthy' })
  expect(at(2)).toMatchObject({
    status: 'critical',
    message: 'Background work of the database fails',
    observed: { value: 1, unit: '{error}' },
  })
  expect(at(31)).toMatchObject({ status: 'critical' })
  expect(at(32)).toMatchObject({ status: 'healthy' })
})

test('writers held back for more than a twentieth of the time are degraded, until it is well below that', () => {
  const held = (seconds: number) =>
    past(
      { db_compaction_pending_bytes: 0, 'db_write_stall_seconds_total cause=level0': 1 },
      { db_compaction_pending_bytes: 0, 'db_write_stall_seconds_total cause=level0': 1 + seconds },
    )
  expect(judge(held(15))).toMatchObject({ status: 'healthy' })
  expect(judge(held(18))).toMatchObject({
    status: 'degraded',
    message: 'Writes are stalled often',
    observed: { value: 0.06, unit: '1', bound: 0.05 },
  })
  expect(judge(held(12), 'degraded')).toMatchObject({ status: 'degraded' })
})
