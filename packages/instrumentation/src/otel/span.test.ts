import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { context, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { AlwaysOffSampler, InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { ClassicLevel } from 'classic-level'
import Keyv from 'keyv'
import { open as openLmdb } from 'lmdb'
import { MemoryLevel } from 'memory-level'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { instrument } from '../instrument.ts'
import { ScanOperation } from '../operations/scan.ts'
import { StoreContext } from '../operations/store-context.ts'
import { DatabaseMetrics } from '../recorders/database-metrics.ts'
import { MetricsRegistry } from '../registry/registry.ts'

const folder = mkdtempSync(join(tmpdir(), 'spans-'))
const exporter = new InMemorySpanExporter()
const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] })

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
})

afterEach(() => exporter.reset())

afterAll(async () => {
  context.disable()
  await provider.shutdown()
  rmSync(folder, { recursive: true, force: true })
})

function traced(): MetricsRegistry {
  const registry = new MetricsRegistry()
  registry.observer.tracer = provider.getTracer('test')
  return registry
}

function spans() {
  return exporter.getFinishedSpans().map(({ name, kind, attributes, status, parentSpanContext }) => ({
    name,
    kind,
    attributes,
    status,
    parent: parentSpanContext?.spanId,
  }))
}

function fail(): never {
  throw new Error('the tracer is broken')
}

test('every operation of a LevelDB is a span by the conventions, as a child of the span of its caller', async () => {
  const db = instrument(new ClassicLevel(join(folder, 'level')), { name: 'orders', registry: traced() })
  await db.open()
  const tracer = provider.getTracer('application')
  const request = tracer.startSpan('GET /orders')
  await context.with(trace.setSpan(context.active(), request), async () => {
    await db.put('secret-key', 'secret-value')
    await db.get('secret-key')
    db.getSync('secret-key')
    await db.batch([
      { type: 'put', key: 'a', value: '1' },
      { type: 'put', key: 'b', value: '2' },
    ])
    await db.batch([{ type: 'del', key: 'a' }])
    for await (const _ of db.iterator());
  })
  await db.close()
  const parent = request.spanContext().spanId
  const attributes = (operation: string) => ({
    'db.system.name': 'leveldb',
    'db.namespace': 'orders',
    'db.operation.name': operation,
  })
  const span = (operation: string, more = {}) => ({
    name: `${operation} orders`,
    kind: SpanKind.INTERNAL,
    attributes: { ...attributes(operation), ...more },
    status: { code: SpanStatusCode.UNSET },
    parent,
  })
  expect(spans()).toEqual([
    span('set'),
    span('get'),
    span('get'),
    span('batch', { 'db.operation.batch.size': 2 }),
    span('batch'),
    span('scan'),
  ])
  expect(
    JSON.stringify(exporter.getFinishedSpans().map(({ attributes, events, status }) => ({ attributes, events, status }))),
  ).not.toContain('secret')
})

test('an operation called while a database opens is a child of the span of its caller, not of that in which the database was opened', async () => {
  const tracer = provider.getTracer('application')
  const during = async <Result>(name: string, run: () => Promise<Result>): Promise<string> => {
    const span = tracer.startSpan(name)
    await context.with(trace.setSpan(context.active(), span), run)
    return span.spanContext().spanId
  }
  const opener = tracer.startSpan('opener')
  const db = context.with(trace.setSpan(context.active(), opener), () => {
    return instrument(new MemoryLevel<string, string>(), { name: 'late', registry: traced() })
  })
  const callers = await Promise.all([
    during('one', () => db.put('a', '1')),
    during('another', () => db.iterator().all()),
    during('a third', () => db.sublevel('archive').del('b')),
  ])
  const parents = new Map(spans().map(({ name, parent }) => [name, parent]))
  expect([parents.get('set late'), parents.get('scan late'), parents.get('delete late')]).toEqual(callers)
  await db.close()
})

test('the span of a failed operation has error.type, and neither message nor key', async () => {
  const failing = Object.assign(new Error('secret message'), { code: 'LEVEL_IO_ERROR' })
  const db = instrument(Object.assign(new MemoryLevel(), { _get: () => Promise.reject(failing) }), {
    name: 'b',
    registry: traced(),
  })
  await db.open()
  await expect(db.get('secret-key')).rejects.toThrow('secret message')
  const [span] = exporter.getFinishedSpans()
  expect(span?.attributes).toEqual({
    'db.system.name': 'memory',
    'db.namespace': 'b',
    'db.operation.name': 'get',
    'error.type': 'LEVEL_IO_ERROR',
  })
  expect(span?.status).toEqual({ code: SpanStatusCode.ERROR })
  expect(span?.events).toEqual([])
})

test('operations of lmdb and Keyv are spans, and spans of a backend are children of its operation', async () => {
  const registry = traced()
  const db = instrument(openLmdb({ path: join(folder, 'lmdb') }), { name: 'pages', registry })
  await db.put('a', 1)
  db.get('a')
  await db.transaction(() => {
    db.put('b', 1)
    db.put('c', 1)
  })
  for (const _ of db.getRange());
  await db.close()
  expect(spans().map(({ name }) => name)).toEqual(['set pages', 'get pages', 'batch pages', 'scan pages'])
  exporter.reset()

  const map = new Map<string, unknown>()
  const inner = provider.getTracer('backend')
  const spanned = <Result>(name: string, run: () => Result): Result => {
    inner.startSpan(name).end()
    return run()
  }
  const backend = {
    get: (key: string) => spanned('GET', () => map.get(key)),
    set: (key: string, value: unknown) => spanned('SET', () => map.set(key, value)),
    delete: (key: string) => map.delete(key),
    clear: () => map.clear(),
    has: (key: string) => map.has(key),
  }
  const keyv = instrument(new Keyv({ store: backend as never }), { name: 'cache', registry })
  await keyv.set('a', 1)
  await keyv.get('a')
  const byName = new Map(exporter.getFinishedSpans().map((span) => [span.name, span]))
  expect(byName.get('SET')?.parentSpanContext?.spanId).toBe(byName.get('set cache')?.spanContext().spanId)
  expect(byName.get('GET')?.parentSpanContext?.spanId).toBe(byName.get('get cache')?.spanContext().spanId)
})

test('without a tracer there is no span, and a tracer can be set and removed at run time', async () => {
  const registry = new MetricsRegistry()
  const db = instrument(new MemoryLevel(), { registry })
  await db.put('a', '1')
  expect(spans()).toEqual([])
  registry.observer.tracer = provider.getTracer('test')
  await db.put('a', '1')
  registry.observer.tracer = undefined
  await db.put('a', '1')
  expect(spans()).toHaveLength(1)
})

test('a span that the application does not sample is not exported, but the operation is measured', async () => {
  const sampled = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })], sampler: new AlwaysOffSampler() })
  const registry = new MetricsRegistry()
  registry.observer.tracer = sampled.getTracer('test')
  const db = instrument(new MemoryLevel(), { name: 'a', registry })
  await db.put('a', '1')
  expect(spans()).toEqual([])
  expect(registry.counter('db_set_operations_total', { store: 'a' }).value).toBe(1)
})

test('an error of a tracer reaches neither the store nor its caller', async () => {
  const failsOnStart = { startSpan: fail } as unknown as Tracer
  const failsOnEnd = {
    startSpan: () => ({ end: fail, setAttribute: fail, setStatus: fail, spanContext: fail }),
  } as unknown as Tracer
  for (const tracer of [failsOnStart, failsOnEnd]) {
    const registry = new MetricsRegistry()
    registry.observer.tracer = tracer
    registry.observer.onOperation((operation) => {
      operation.slowThresholdSeconds = 0
    })
    const db = instrument(new MemoryLevel(), { name: 'a', registry })
    await db.put('a', '1')
    expect(await db.get('a')).toBe('1')
    expect(registry.counter('db_set_operations_total', { store: 'a' }).value).toBe(1)
  }
})

test('an error of a tracer does not reach the code that closes a scan after the measuring has stopped', () => {
  const registry = new MetricsRegistry()
  registry.observer.tracer = { startSpan: () => ({ end: fail, setAttribute: fail, setStatus: fail }) } as unknown as Tracer
  const description = { store: 'a', engine: 'memory', adapter: 'none' }
  const context = new StoreContext(registry, description, ['scan'], new Set())
  const scan = new ScanOperation(context, context.recorder('scan'))
  scan.open({})
  expect(() => scan.discard()).not.toThrow()
  expect(scan.isEnded).toBe(true)
})

test('operations recorded by DatabaseMetrics are not spans: they are finished when they are recorded', () => {
  const registry = traced()
  new DatabaseMetrics(registry, { store: 'mine' }).recordGet(1000, true)
  expect(spans()).toEqual([])
})
