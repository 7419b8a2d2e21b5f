import { afterEach, expect, test, vi } from 'vitest'
import { MetricsRegistry } from '../registry/registry.ts'
import { StateGauges } from './state-gauges.ts'

afterEach(() => vi.useRealTimers())

function levels() {
  const registry = new MetricsRegistry()
  const name = 'db_level_files'
  const gauges = new StateGauges<readonly number[]>(
    [{ name, labels: { level: '0' }, value: ([first]) => first }],
    registry,
    'orders',
  )
  const shown = () => registry.getAllMetrics().map(({ labels, value }) => [labels['store'], labels['level'], value])
  return { gauges, name, shown } as const
}

test('a gauge has its own labels beside the store, and more of them may come', () => {
  const { gauges, name, shown } = levels()
  expect(shown()).toEqual([])
  gauges.publish([3, 7])
  gauges.add([{ name, labels: { level: '1' }, value: ([, second]) => second }])
  expect(shown()).toEqual([
    ['orders', '0', 3],
    ['orders', '1', 7],
  ])
  gauges.release()
  expect(shown()).toEqual([])
})

test('a reading that fails leaves nothing, until one succeeds', async () => {
  const { gauges, shown } = levels()
  await gauges.publishFrom(async () => [3])
  const failure = new Error('out of order')
  await expect(gauges.publishFrom(() => Promise.reject(failure))).rejects.toBe(failure)
  expect(shown()).toEqual([])
  await gauges.publishFrom(async () => [4])
  expect(shown()).toEqual([['orders', '0', 4]])
})

test('while a reading hangs the one before is believed for a minute', () => {
  vi.useFakeTimers()
  const { gauges, shown } = levels()
  gauges.publish([3])
  void gauges.publishFrom(() => new Promise(() => {}))
  vi.advanceTimersByTime(59_999)
  expect(shown()).toEqual([['orders', '0', 3]])
  vi.advanceTimersByTime(1)
  expect(shown()).toEqual([])
})
