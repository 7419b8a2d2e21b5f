import { afterEach, expect, test, vi } from 'vitest'
import { StoreContext } from '../operations/store-context.ts'
import { MetricsRegistry } from '../registry/registry.ts'
import { StateGauges } from './state-gauges.ts'

afterEach(() => vi.useRealTimers())

function createLevelGauges() {
  const registry = new MetricsRegistry()
  const name = 'db_level_files'
  const context = new StoreContext(registry, { store: 'orders', engine: 'none', adapter: 'none' }, [], new Set())
  const store = {}
  context.bind(store, { state: () => 'open', detach() {} })
  const gauges = new StateGauges<readonly number[]>([{ name, labels: { level: '0' }, value: ([first]) => first }], context)
  const read = () => {
    const values = registry.getAllMetrics().filter((metric) => metric.name === name)
    return values.map(({ labels, value }) => [labels['store'], labels['level'], value])
  }
  return { store, context, gauges, name, read } as const
}

test('a gauge has its own labels beside the store, and gauges can be added later', () => {
  const { context, gauges, name, read } = createLevelGauges()
  expect(read()).toEqual([])
  gauges.publish([3, 7])
  gauges.add([{ name, labels: { level: '1' }, value: ([, second]) => second }])
  expect(read()).toEqual([
    ['orders', '0', 3],
    ['orders', '1', 7],
  ])
  context.end()
  expect(read()).toEqual([])
})

test('after a read that fails the gauges are absent until one succeeds', async () => {
  const { gauges, read } = createLevelGauges()
  await gauges.publishFrom(async () => [3])
  const failure = new Error('out of order')
  await expect(gauges.publishFrom(() => Promise.reject(failure))).rejects.toBe(failure)
  expect(read()).toEqual([])
  await gauges.publishFrom(async () => [4])
  expect(read()).toEqual([['orders', '0', 4]])
})

test('while a read hangs, the state before it is exported for one minute', () => {
  vi.useFakeTimers()
  const { gauges, read } = createLevelGauges()
  gauges.publish([3])
  void gauges.publishFrom(() => new Promise(() => {}))
  vi.advanceTimersByTime(59_999)
  expect(read()).toEqual([['orders', '0', 3]])
  vi.advanceTimersByTime(1)
  expect(read()).toEqual([])
})
