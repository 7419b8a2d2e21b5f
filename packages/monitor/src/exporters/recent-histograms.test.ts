import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { DatabaseMetrics, MetricsRegistry } from '@wombat/instrumentation'
import { expect, test } from 'vitest'
import { SnapshotReader } from '../collection/snapshot-reader.ts'
import { jsonMetrics } from './json.ts'
import { RecentHistograms } from './recent-histograms.ts'

function setUp() {
  const registry = new MetricsRegistry()
  const reader = new SnapshotReader()
  new MeterProvider({ readers: [reader] })
  reader.follow(registry)
  const recent = new RecentHistograms()
  const store = new DatabaseMetrics(registry, { store: 'orders', operations: ['get'] })
  const gets = (count: number, seconds: number): void => {
    for (let done = 0; done < count; done++) store.recordGet(seconds * 1e9, true)
  }
  const sample = (): void => {
    for (const { definition, series } of registry.families()) {
      for (const one of series.values()) {
        if ('snapshot' in one.instrument) recent.add(definition.name, one, one.instrument.snapshot().count)
      }
    }
    recent.commit()
  }
  const latency = async () => {
    const all = jsonMetrics(await reader.take(), 'wombat', recent)
    const found = all.find(({ name }) => name === 'db_get_latency_seconds')
    if (found === undefined || !('quantiles' in found)) throw new Error('there is no latency')
    const p99 = (list: typeof found.quantiles) => list.find(({ quantile }) => quantile === 0.99)?.value
    return { now: p99(found.quantiles), sinceStart: p99(found.quantilesSinceStart) }
  }
  return { gets, sample, latency }
}

test('quantiles are those of the last interval, and those since the start are beside them', async () => {
  const { gets, sample, latency } = setUp()
  gets(1000, 0.5)
  expect((await latency()).now).toBeCloseTo(0.5, 1)
  sample()
  gets(100, 0.001)
  sample()
  gets(100, 0.001)
  const { now, sinceStart } = await latency()
  expect(now).toBeCloseTo(0.001, 3)
  expect(sinceStart).toBeCloseTo(0.5, 1)
})

test('an interval without operations has no quantiles', async () => {
  const { gets, sample, latency } = setUp()
  gets(1000, 0.5)
  for (let times = 0; times < 3; times++) sample()
  const { now, sinceStart } = await latency()
  expect(now).toBeUndefined()
  expect(sinceStart).toBeCloseTo(0.5, 1)
})
