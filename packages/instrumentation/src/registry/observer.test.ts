import { setTimeout as wait } from 'node:timers/promises'
import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { MemoryLevel } from 'memory-level'
import { expect, test } from 'vitest'
import { instrument, uninstrument } from '../instrument.ts'
import { DatabaseMetrics } from '../recorders/database-metrics.ts'
import type { FailedOperation, SlowOperation } from './observer.ts'
import { MetricsRegistry } from './registry.ts'

function observed({ slowSeconds = Number.POSITIVE_INFINITY, sampleInterval = 1 } = {}) {
  const registry = new MetricsRegistry()
  const slow: SlowOperation[] = []
  const failed: FailedOperation[] = []
  registry.observer.sampleInterval = sampleInterval
  registry.observer.onOperation((operation) => {
    operation.slowThresholdSeconds = slowSeconds
  })
  registry.observer.onSlow((operation) => slow.push(operation))
  registry.observer.onError((operation) => failed.push(operation))
  return { registry, slow, failed }
}

const counted = (registry: MetricsRegistry, name: 'get' | 'set' | 'scan' | 'batch'): number =>
  registry.counter(`db_${name}_operations_total`, { store: 'a' }).value
const timed = (registry: MetricsRegistry, name: 'get' | 'set' | 'scan' | 'batch'): number =>
  registry.histogram(`db_${name}_latency_seconds`, { store: 'a' }).snapshot().count

test('an operation that reaches its threshold is reported as slow, with sizes and without content', async () => {
  const { registry, slow } = observed({ slowSeconds: 0 })
  const db = instrument(new MemoryLevel(), { name: 'a', registry })
  await db.open()
  await db.put('grüße', 'welt')
  await db.get('grüße')
  db.getSync('grüße')
  await db.batch([
    { type: 'put', key: 'b', value: '1' },
    { type: 'put', key: 'c', value: '2' },
  ])
  await db.iterator().all()
  expect(
    slow.map(({ operation, keyBytes, valueBytes, entries, isFailed }) => [operation, keyBytes, valueBytes, entries, isFailed]),
  ).toEqual([
    ['set', 7, 4, undefined, false],
    ['get', 7, 4, undefined, false],
    ['get', 7, 4, undefined, false],
    ['batch', undefined, undefined, 2, false],
    ['scan', undefined, undefined, 3, false],
  ])
  for (const { store, engine, seconds, startMs } of slow) {
    expect({ store, engine }).toEqual({ store: 'a', engine: 'memory' })
    expect(seconds).toBeGreaterThanOrEqual(0)
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(seconds * 1000)
  }
  expect(slow[0]?.inFlight).toBe(1)
  expect(JSON.stringify(slow)).not.toMatch(/grüße|welt/)
})

test('an operation below its threshold is not reported', async () => {
  const { registry, slow } = observed({ slowSeconds: 3600 })
  const db = instrument(new MemoryLevel(), { name: 'a', registry })
  await db.put('a', '1')
  new DatabaseMetrics(registry, { store: 'mine' }).recordGet(1e9, true)
  expect(slow).toEqual([])
})

test('an operation that DatabaseMetrics records can be slow too', () => {
  const { registry, slow } = observed({ slowSeconds: 1 })
  const database = new DatabaseMetrics(registry, { store: 'mine', engine: 'heap' })
  database.recordGet(2e9, true)
  database.recordBatch(3e9, true, 7)
  database.recordSet(1.5e9, false)
  expect(
    slow.map(({ operation, seconds, entries, isFailed, inFlight }) => [operation, seconds, entries, isFailed, inFlight]),
  ).toEqual([
    ['get', 2, undefined, false, undefined],
    ['batch', 3, 7, false, undefined],
    ['set', 1.5, undefined, true, undefined],
  ])
})

test('a slow operation has the span that was active at its call, even without a span of its own', async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  try {
    const { registry, slow } = observed({ slowSeconds: 0 })
    const db = instrument(new MemoryLevel(), { name: 'a', registry })
    await db.open()
    const span = new TracerProvider().getTracer('application').startSpan('request')
    await context.with(trace.setSpan(context.active(), span), () => db.put('a', '1'))
    await db.put('a', '1')
    expect(slow.map((operation) => operation.trace?.traceId)).toEqual([span.spanContext().traceId, undefined])
  } finally {
    context.disable()
  }
})

test('a failed operation is reported with its error type, and a failed opening too', async () => {
  const { registry, failed } = observed()
  const error = Object.assign(new Error('the disk'), { code: 'LEVEL_IO_ERROR' })
  const db = instrument(Object.assign(new MemoryLevel(), { _put: () => Promise.reject(error) }), { name: 'a', registry })
  await db.put('a', '1').catch(() => {})
  const broken = instrument(Object.assign(new MemoryLevel(), { _open: () => Promise.reject(error) }), { name: 'b', registry })
  await broken.open().catch(() => {})
  expect(failed).toEqual([
    { store: 'a', operation: 'set', errorType: 'LEVEL_IO_ERROR', error },
    expect.objectContaining({ store: 'b', operation: 'open', errorType: 'LEVEL_IO_ERROR' }),
  ])
})

test('an error of a listener reaches neither the store nor the other listeners', async () => {
  const { registry, slow, failed } = observed({ slowSeconds: 0 })
  const fail = (): never => {
    throw new Error('no')
  }
  registry.observer.onSlow(fail)
  registry.observer.onSlow((operation) => slow.push(operation))
  registry.observer.onError(fail)
  registry.observer.onOperation(fail)
  const db = instrument(Object.assign(new MemoryLevel(), { _get: () => Promise.reject(new Error('gone')) }), {
    name: 'a',
    registry,
  })
  await db.put('a', '1')
  await expect(db.get('a')).rejects.toThrow('gone')
  expect(slow).toHaveLength(4)
  expect(failed).toHaveLength(1)
})

test('a store that is not measured any more is not observed', async () => {
  const { registry } = observed()
  const before = registry.observer.operations.size
  const db = instrument(new MemoryLevel(), { name: 'a', registry })
  expect(registry.observer.operations.size).toBe(before + 8)
  expect(registry.observer.stores.size).toBe(1)
  uninstrument(db)
  expect(registry.observer.operations.size).toBe(before)
  expect(registry.observer.stores.size).toBe(0)
  await db.close()
})

test('with a sample interval of 16 every operation is counted, and about every sixteenth is timed', async () => {
  const { registry } = observed({ sampleInterval: 16 })
  const map = instrument(new Map<string, number>(), { name: 'a', registry })
  const db = instrument(new MemoryLevel(), { name: 'a', registry })
  await db.open()
  const count = 20_000
  let recorded = 0
  for (let index = 0; index < count; index++) {
    const before = timed(registry, 'set')
    map.set('a', index)
    if (timed(registry, 'set') > before) recorded++
  }
  for (let index = 0; index < 1000; index++) await db.get('a')
  for (let index = 0; index < 100; index++) await db.iterator().all()
  await db.batch([{ type: 'put', key: 'a', value: '1' }])
  expect(counted(registry, 'set')).toBe(count)
  expect(counted(registry, 'get')).toBe(1000)
  expect(counted(registry, 'scan')).toBe(100)
  expect(counted(registry, 'batch')).toBe(1)
  // 1250 expected, with a standard deviation of 34.
  expect(recorded).toBeGreaterThan(1040)
  expect(recorded).toBeLessThan(1460)
  // Each stands for those before it: with the last one, all are represented but the ones since.
  for (const operation of ['set', 'get', 'scan'] as const) {
    expect(timed(registry, operation)).toBeLessThanOrEqual(counted(registry, operation))
    expect(timed(registry, operation)).toBeGreaterThan(counted(registry, operation) - 16 * 20)
  }
})

test('sampling does not follow a pattern in the calls: of two alternating kinds, both are timed', () => {
  const { registry } = observed({ sampleInterval: 2 })
  const seen = [0, 0]
  const database = new Map<string, number>()
  const map = instrument(database, { name: 'a', registry })
  for (let index = 0; index < 10_000; index++) {
    const before = timed(registry, 'get')
    map.get('a')
    if (timed(registry, 'get') > before) seen[index % 2] = (seen[index % 2] ?? 0) + 1
  }
  for (const count of seen) expect(count).toBeGreaterThan(2000)
})

test('all failures are counted by error type, timed or not', async () => {
  const { registry, failed } = observed({ sampleInterval: 64 })
  const db = instrument(Object.assign(new MemoryLevel(), { _get: () => Promise.reject(new Error('gone')) }), {
    name: 'a',
    registry,
  })
  await db.open()
  for (let index = 0; index < 200; index++) await db.get('a').catch(() => {})
  expect(counted(registry, 'get')).toBe(200)
  expect(registry.counter('db_get_errors_total', { store: 'a' }).value).toBe(200)
  expect(registry.counter('db_errors_total', { store: 'a', operation: 'get', error_type: '_OTHER' }).value).toBe(200)
  expect(failed).toHaveLength(200)
})

test('an operation that is not timed is reported as slow if it was marked while in flight', async () => {
  const { registry, slow } = observed({ slowSeconds: 0.03, sampleInterval: 65_536 })
  const db = instrument(Object.assign(new MemoryLevel(), { _get: () => wait(60).then(() => undefined) }), { name: 'a', registry })
  await db.open()
  // The first operation of each kind may be timed.
  await db.get('a')
  slow.length = 0
  const pending = db.get('a')
  expect(registry.observer.inFlight().depth).toBe(1)
  await wait(10)
  registry.observer.markInFlight(performance.now())
  await pending
  expect(slow.map(({ operation }) => operation)).toEqual(['get'])
  expect(slow[0]?.seconds).toBeGreaterThanOrEqual(0.03)
  expect(timed(registry, 'get')).toBeLessThan(2)
})

test('the age of an operation that is not timed starts at the first read', async () => {
  const { registry } = observed({ sampleInterval: 65_536 })
  const db = instrument(Object.assign(new MemoryLevel(), { _get: () => wait(80).then(() => undefined) }), { name: 'a', registry })
  await db.open()
  await db.get('a')
  const pending = db.get('a')
  const { oldestSeconds } = registry.observer.inFlight()
  expect(oldestSeconds).toBe(0)
  await wait(20)
  expect(registry.observer.inFlight().oldestSeconds).toBeGreaterThan(0.01)
  await pending
  expect(registry.observer.inFlight()).toEqual({ depth: 0, oldestSeconds: 0 })
})

test('a sample interval below 1 or with a fraction is rejected', () => {
  const { observer } = new MetricsRegistry()
  for (const count of [0, -1, 1.5, Number.NaN]) {
    expect(() => {
      observer.sampleInterval = count
    }).toThrow(`sampleInterval must be a whole number of 1 or more, got ${count}`)
  }
})
