import { type Context, context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { TraceIdRatioBasedSampler, TracerProvider } from '@opentelemetry/sdk-trace'
import { MemoryLevel } from 'memory-level'
import { afterEach, expect, test, vi } from 'vitest'
import { instrument } from '../instrument.ts'
import { DatabaseMetrics } from '../recorders/database-metrics.ts'
import { MetricsRegistry } from '../registry/registry.ts'

const provider = new TracerProvider()
const tracer = provider.getTracer('application')

afterEach(() => context.disable())

function activeWith(span: ReturnType<typeof tracer.startSpan>): Context {
  return trace.setSpan(context.active(), span)
}

function useContexts(): void {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
}

function measured(options: ConstructorParameters<typeof MetricsRegistry>[0] = {}) {
  const registry = new MetricsRegistry(options)
  const db = instrument(new MemoryLevel(), { name: 'orders', registry })
  const exemplars = (operation: 'get' | 'set' | 'delete') =>
    registry.histogram(`db_${operation}_latency_seconds`, { store: 'orders' }).exemplars
  return { registry, db, exemplars }
}

test('an operation inside a sampled span leaves its trace, value and time, whether it is asynchronous, synchronous or fails', async () => {
  useContexts()
  const { registry, db, exemplars } = measured()
  await db.put('a', '1')
  expect(exemplars('set')).toEqual([])
  const request = tracer.startSpan('GET /orders')
  const { traceId, spanId } = request.spanContext()
  const startMs = Date.now()
  await context.with(activeWith(request), async () => {
    await db.put('a', '1')
    db.getSync('a')
    new DatabaseMetrics(registry, { store: 'orders' }).recordDelete(1_000_000n, false)
  })
  for (const operation of ['set', 'get', 'delete'] as const) {
    const [exemplar] = exemplars(operation)
    expect(exemplar).toMatchObject({ traceId, spanId })
    expect(exemplar?.value).toBeGreaterThan(0)
    expect(exemplar?.timeMs).toBeGreaterThanOrEqual(startMs)
    expect(exemplar?.timeMs).toBeLessThanOrEqual(Date.now())
  }
})

test('of several operations in one bucket the last one is kept', async () => {
  useContexts()
  const { registry, exemplars } = measured()
  const latency = registry.histogram('db_get_latency_seconds', { store: 'orders' })
  const exemplar = { value: 0.003, timeMs: 1, traceId: '1'.repeat(32), spanId: '1'.repeat(16) }
  for (const timeMs of [1, 2, 3]) latency.setExemplar({ ...exemplar, timeMs })
  expect(exemplars('get')).toEqual([{ ...exemplar, timeMs: 3 }])
})

test('an operation looks for its span only as often as its bucket takes an exemplar', async () => {
  const manager = new AsyncLocalStorageContextManager().enable()
  context.setGlobalContextManager(manager)
  const { registry, exemplars } = measured()
  const metrics = new DatabaseMetrics(registry, { store: 'orders' })
  const active = vi.spyOn(manager, 'active')
  const startMs = performance.now()
  await context.with(activeWith(tracer.startSpan('GET /orders')), async () => {
    for (let index = 0; index < 100_000; index++) metrics.recordGet(3_000_000n, true)
  })
  const windows = Math.ceil((performance.now() - startMs) / 10) + 1
  expect(active.mock.calls.length).toBeLessThanOrEqual(8 * windows + 10)
  expect(exemplars('get')).toHaveLength(1)
})

test('spans that are not sampled, operations outside of spans, and a filter that is off leave nothing', async () => {
  useContexts()
  const { registry, db, exemplars } = measured()
  const unsampled = new TracerProvider({ sampler: new TraceIdRatioBasedSampler(0) }).getTracer('application').startSpan('GET')
  await context.with(activeWith(unsampled), () => db.put('a', '1'))
  registry.observer.exemplarsEnabled = false
  await context.with(activeWith(tracer.startSpan('GET')), () => db.put('a', '1'))
  expect(exemplars('set')).toEqual([])
})

test('with spans of operations, the exemplar is the span of the operation itself', async () => {
  useContexts()
  const { registry, db, exemplars } = measured()
  registry.observer.tracer = provider.getTracer('stores')
  const request = tracer.startSpan('GET /orders')
  await context.with(activeWith(request), () => db.put('a', '1'))
  const [exemplar] = exemplars('set')
  expect(exemplar?.traceId).toBe(request.spanContext().traceId)
  expect(exemplar?.spanId).not.toBe(request.spanContext().spanId)
})

test('a context manager that is registered later is found', async () => {
  const { db, exemplars } = measured()
  for (let index = 0; index < 10; index++) await db.put('a', '1')
  useContexts()
  const request = tracer.startSpan('GET /orders')
  await context.with(activeWith(request), async () => {
    for (let index = 0; index < 100; index++) await db.put('a', '1')
  })
  expect(exemplars('set')[0]?.traceId).toBe(request.spanContext().traceId)
})

test('the histogram of the semantic conventions has exemplars, too', async () => {
  useContexts()
  const { registry, db } = measured({ semconv: 'both' })
  await context.with(activeWith(tracer.startSpan('GET /orders')), () => db.put('a', '1'))
  const family = [...registry.families()].find(({ definition }) => definition.name === 'db.client.operation.duration')
  const exemplars = [...(family?.series.values() ?? [])].flatMap(({ instrument: one }) =>
    'exemplars' in one ? one.exemplars : [],
  )
  expect(exemplars).toHaveLength(1)
})

test('a context manager that throws is counted, and the operation succeeds', async () => {
  const { registry, db, exemplars } = measured()
  registry.warn = () => {}
  const broken = new AsyncLocalStorageContextManager().enable()
  context.setGlobalContextManager(broken)
  await db.open()
  broken.active = () => {
    throw new Error('no context')
  }
  await db.put('a', '1')
  expect(exemplars('set')).toEqual([])
  expect(registry.counter('wombat_monitor_callout_failures_total', { target: 'tracer' }).value).toBeGreaterThan(0)
})
