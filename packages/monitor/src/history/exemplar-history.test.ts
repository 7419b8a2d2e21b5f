import { MetricsRegistry } from '@wombat/instrumentation'
import { expect, test } from 'vitest'
import { ExemplarHistory } from './exemplar-history.ts'

const ids = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) }

async function createHistory() {
  const registry = new MetricsRegistry({ semconv: 'both' })
  const exemplars = new ExemplarHistory()
  const recordAll = (): void => {
    for (const { definition, series } of registry.families())
      for (const one of series.values()) exemplars.add(definition.name, one)
  }
  const record = async (store: string, value: number, timeMs: number): Promise<void> => {
    const latency = registry.histogram('db_get_latency_seconds', { store })
    latency.record(value)
    latency.setExemplar({ value, timeMs, ...ids })
    recordAll()
  }
  const find = (where: Record<string, string> = {}, fromMs = 0, toMs = 1e9, limit = 100) => {
    const matchers = new Map(Object.entries(where).map(([name, value]) => [name, new Set([value])]))
    return exemplars.find(['db_get_latency_seconds'], matchers, fromMs, toMs, limit)
  }
  return { record, find, registry, recordAll, exemplars }
}

test('exemplars stay when later ones take their place in the histogram, with the bound of their bucket', async () => {
  const { record, find } = await createHistory()
  await record('orders', 0.003, 100_000)
  await record('orders', 0.004, 200_000)
  await record('users', 100, 200_001)
  expect(find()).toEqual([
    { metric: 'db_get_latency_seconds', labels: { store: 'orders' }, value: 0.003, timeMs: 100_000, le: 0.005, ...ids },
    { metric: 'db_get_latency_seconds', labels: { store: 'orders' }, value: 0.004, timeMs: 200_000, le: 0.005, ...ids },
    {
      metric: 'db_get_latency_seconds',
      labels: { store: 'users' },
      value: 100,
      timeMs: 200_001,
      le: Number.POSITIVE_INFINITY,
      ...ids,
    },
  ])
  expect(find({ store: 'users' })).toHaveLength(1)
  expect(find({ store: 'others' })).toEqual([])
  expect(find({}, 100_000, 200_000).map(({ timeMs }) => timeMs)).toEqual([200_000])
  expect(find({}, 0, 1e9, 1).map(({ timeMs }) => timeMs)).toEqual([200_001])
})

test('of a bucket that fills quickly one is kept every five seconds, and after the clock was set back, too', async () => {
  const { record, find } = await createHistory()
  for (const timeMs of [100_000, 100_000, 102_000, 104_999, 105_000, 20_000, 24_000]) await record('orders', 0.003, timeMs)
  expect(find().map(({ timeMs }) => timeMs)).toEqual([20_000, 100_000, 105_000])
})

test('of many buckets each keeps fewer', async () => {
  const { record, find } = await createHistory()
  for (let store = 0; store < 50; store++) await record(`store${store}`, 0.003, 100_000)
  for (const timeMs of [110_000, 118_000]) await record('store1', 0.003, timeMs)
  expect(find({ store: 'store1' }).map(({ timeMs }) => timeMs)).toEqual([100_000, 118_000])
})

test('there are at most 10,000', async () => {
  const { record, find } = await createHistory()
  for (let index = 1; index <= 10_100; index++) await record('orders', 0.003, index * 30_000)
  const found = find({}, 0, 1e12, 20_000)
  expect(found).toHaveLength(10_000)
  expect(found[0]?.timeMs).toBe(101 * 30_000)
})

test('exemplars have the name that the metric has in Prometheus', async () => {
  const { registry, recordAll, exemplars } = await createHistory()
  const labels = { 'db.system.name': 'leveldb', 'db.namespace': 'orders', 'db.operation.name': 'get' }
  registry.histogram('db.client.operation.duration', labels).setExemplar({ value: 0.003, timeMs: 5, ...ids })
  recordAll()
  expect(exemplars.find(['db_client_operation_duration_seconds'], new Map(), 0, 10, 10)).toMatchObject([
    { labels: { 'db.namespace': 'orders' } },
  ])
})
