import { expect, test } from 'vitest'
import { TimeSeries } from '../../history/memory/time-series.ts'
import { computeTrend } from './trend.ts'

const gibibyte = 2 ** 30
const minuteMs = 60_000

/** Returns the trend of a gauge that starts at `start` and changes by `perHour`, sampled every ten seconds. */
function trend(metric: string, start: number, perHour: number, minutes: number, limit?: number) {
  const history = new TimeSeries()
  const series = { metric, labels: { store: 'orders' } }
  for (let ms = 0; ms <= minutes * minuteMs; ms += 10_000) {
    const value = start + (perHour * ms) / 3_600_000
    history.append(ms + 1, [{ series: { name: metric, labels: series.labels, isCounter: false }, value }])
  }
  return computeTrend(history, series, minutes * minuteMs + 1, limit)
}

const disk = 'db_disk_available_bytes'

test('falling free space has a forecast of when it runs out', () => {
  const found = trend(disk, 40 * gibibyte, -10 * gibibyte, 60)
  expect(found).toMatchObject({ direction: 'falling', overSeconds: 3590, forecast: 'At this pace it is full in 3 h' })
  expect((found?.perHour ?? 0) / gibibyte).toBeCloseTo(-10)
  expect(trend(disk, gibibyte, -gibibyte, 30)?.forecast).toBe('At this pace it is full in 30 min')
  expect(trend(disk, 250 * gibibyte, -5 * gibibyte, 180)).toMatchObject({ direction: 'steady' })
})

test('a small change is steady, and a short period has no forecast', () => {
  expect(trend(disk, 100 * gibibyte, -gibibyte, 60)).not.toHaveProperty('forecast')
  expect(trend(disk, 100 * gibibyte, -gibibyte, 60)).toMatchObject({ direction: 'steady' })
  expect(trend(disk, gibibyte, -100 * gibibyte, 0.5)).toMatchObject({ direction: 'falling' })
  expect(trend(disk, gibibyte, -100 * gibibyte, 0.5)).not.toHaveProperty('forecast')
  expect(trend(disk, gibibyte, 0, 0)).toBeUndefined()
})

test('rising memory has a forecast of when it reaches its limit, if the limit is known', () => {
  const memory = 'wombat_process_resident_memory_bytes'
  expect(trend(memory, gibibyte, gibibyte, 60, 4 * gibibyte)).toMatchObject({
    direction: 'rising',
    forecast: 'At this pace the limit is reached in 2 h',
  })
  expect(trend(memory, gibibyte, gibibyte, 60)).not.toHaveProperty('forecast')
  expect(trend(disk, gibibyte, gibibyte, 60)).not.toHaveProperty('forecast')
})

test('a counter and an unknown series have no trend', () => {
  const history = new TimeSeries()
  const labels = { store: 'orders' }
  for (const ms of [1, 60_001]) history.append(ms, [{ series: { name: 'db_x_total', labels, isCounter: true }, value: ms }])
  expect(computeTrend(history, { metric: 'db_x_total', labels }, 60_001)).toBeUndefined()
  expect(computeTrend(history, { metric: 'db_y', labels }, 60_001)).toBeUndefined()
})
