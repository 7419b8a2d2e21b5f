import { setTimeout as sleep } from 'node:timers/promises'
import { trace } from '@opentelemetry/api'
import { DatabaseMetrics, instrument, MetricsRegistry, type SlowOperation } from '@wombat/instrumentation'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { MemoryLevel } from 'memory-level'
import { expect, onTestFinished, test } from 'vitest'
import { operationRoutes } from '../http/routes/operations.ts'
import { ProcessMonitor } from '../process/process-monitor.ts'
import { GroupOperations } from '../processes/group-operations.ts'
import { ManualClock } from '../time/clock.ts'
import { ErrorHistory } from './error-history.ts'
import { SlowLog, type SlowLogOptions } from './slow-log.ts'

function createSlowLog(options: Partial<SlowLogOptions> = {}) {
  const registry = new MetricsRegistry()
  const process = new ProcessMonitor(registry)
  process.start()
  const logger = collectingLogger()
  const slow = new SlowLog({ registry, process, logger, thresholdMs: 0, ...options })
  onTestFinished(() => {
    slow.close()
    process.close()
  })
  const readCount = (store: string, operation: string) => registry.counter('db_slow_operations_total', { store, operation }).value
  return { registry, process, logger, slow, readCount }
}

test('the counter of every operation starts at 0', async () => {
  const { registry } = createSlowLog()
  await using _store = instrument(new MemoryLevel(), { registry, name: 'orders' })
  const [metric] = [...registry.families()].filter(({ definition }) => definition.name === 'db_slow_operations_total')
  const labels = [...(metric?.series.values() ?? [])].map((series) => series.labels)
  expect(labels).toContainEqual({ store: 'orders', operation: 'get' })
  expect(labels).toContainEqual({ store: 'orders', operation: 'scan' })
})

test('a slow operation is kept, counted and logged with its sizes', async () => {
  const { registry, logger, slow, readCount } = createSlowLog({ clock: new ManualClock(1234) })
  const db = instrument(new MemoryLevel(), { registry, name: 'orders' })
  await db.put('key', 'four')
  expect(readCount('orders', 'set')).toBe(1)
  expect(slow.records).toMatchObject([
    { timeMs: 1234, store: 'orders', operation: 'set', keyBytes: 3, valueBytes: 4, inFlight: 1, isFailed: false },
  ])
  expect(logger.lines).toEqual([{ level: 'warn', message: 'slow operation', fields: slow.records[0] }])
})

test('of a hundred thousand slow operations, a hundred records are kept and few lines are logged', async () => {
  const { registry, logger, slow, readCount } = createSlowLog()
  const db = instrument(new MemoryLevel(), { registry, name: 'orders' })
  await db.open()
  const startMs = performance.now()
  for (let round = 0; round < 100; round++) await Promise.all(Array.from({ length: 1000 }, (_, key) => db.get(`${key}`)))
  const seconds = (performance.now() - startMs) / 1000
  expect(readCount('orders', 'get')).toBe(100_000)
  expect(slow.records).toHaveLength(100)
  expect(logger.lines.length).toBeLessThanOrEqual(11 + seconds)
  expect(slow.suppressed).toBe(100_000 - logger.lines.length)
})

test('a disabled log has no slow operations, and can be enabled again', async () => {
  const { registry, slow, readCount } = createSlowLog()
  const db = instrument(new MemoryLevel(), { registry, name: 'orders' })
  slow.enabled = false
  await db.put('a', '1')
  expect(readCount('orders', 'set')).toBe(0)
  slow.enabled = true
  await db.put('a', '1')
  slow.setThreshold({ thresholdMs: 60_000, isAdaptive: false })
  await db.put('a', '1')
  slow.setThreshold({ thresholdMs: 0, isAdaptive: false })
  slow.close()
  await db.put('a', '1')
  expect(readCount('orders', 'set')).toBe(1)
})

test('a logger that throws does not affect the operation, which is kept', async () => {
  const logger = collectingLogger()
  logger.warn = () => {
    throw new Error('no')
  }
  const { registry, slow } = createSlowLog({ logger })
  await instrument(new MemoryLevel(), { registry, name: 'orders' }).put('a', '1')
  expect(slow.records).toHaveLength(1)
})

test('a record has the identifiers of the span', () => {
  const { registry, slow } = createSlowLog()
  const context = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 }
  const traced: SlowOperation = { ...operation, inFlight: 1, trace: trace.wrapSpanContext(context).spanContext() }
  registry.observer.emitSlow(traced)
  expect(slow.records).toMatchObject([{ traceId: context.traceId, spanId: context.spanId }])
})

const operation: SlowOperation = {
  store: 'orders',
  engine: 'leveldb',
  operation: 'get',
  startMs: 0,
  seconds: 1,
  isFailed: false,
  entries: undefined,
  keyBytes: undefined,
  valueBytes: undefined,
  inFlight: undefined,
  trace: undefined,
}

function block(ms: number): void {
  const endMs = performance.now() + ms
  while (performance.now() < endMs);
}

test('the time that the reader of a scan takes is not subtracted from the duration of the scan', async () => {
  const { registry, slow } = createSlowLog()
  const startMs = performance.now()
  block(600)
  await sleep(50)
  // The reader blocked for 600 ms: it took all but 50 ms of the first scan's time, and nothing of the second one's.
  registry.observer.emitSlow({ ...operation, operation: 'scan', startMs, seconds: 0.05 })
  registry.observer.emitSlow({ ...operation, operation: 'scan', startMs, seconds: (performance.now() - startMs) / 1000 })
  expect(slow.records.map(({ cause }) => cause)).toEqual(['event_loop', 'store'])
})

test('a synchronous call blocked the event loop itself', () => {
  const { registry, slow } = createSlowLog()
  const startMs = performance.now()
  block(200)
  registry.observer.emitSlow({ ...operation, startMs, seconds: 0.2 })
  registry.observer.emitSlow({ ...operation, startMs, seconds: 0.2, inFlight: 1 })
  registry.observer.emitSlow({ ...operation, startMs, seconds: 0.2, engine: 'lmdb', operation: 'scan' })
  expect(slow.records.map(({ cause }) => cause)).toEqual(['store', 'event_loop', 'store'])
})

test('secrets in keys, values and errors are in no record, log line or response', async () => {
  const secret = 'hunter2'
  class Failing extends MemoryLevel {
    async _put(key: string, value: string): Promise<void> {
      throw new Error(`cannot write ${key} ${value}`)
    }
  }
  const { registry, logger, slow } = createSlowLog()
  const errors = new ErrorHistory({ registry, keep: 10 })
  onTestFinished(() => errors.close())
  const db = instrument(new MemoryLevel(), { registry, name: 'orders' })
  await db.put(secret, secret)
  await db.get(secret)
  await db.batch([{ type: 'put', key: secret, value: secret }])
  for await (const entry of db.iterator({ gte: secret })) expect(entry).toEqual([secret, secret])
  const failing = instrument(new Failing(), { registry, name: 'failing' })
  await expect(failing.put(secret, secret)).rejects.toThrow(secret)
  expect(slow.records.length).toBeGreaterThanOrEqual(5)
  expect(slow.records[0]).toMatchObject({ store: 'failing', isFailed: true })
  expect(errors.entries).toMatchObject([{ store: 'failing', operation: 'set', errorType: '_OTHER', count: 1 }])
  const routes = operationRoutes(
    new GroupOperations({ slowLog: slow, errors, now: Date.now, others: () => [], ownWorker: () => undefined }),
    registry,
    Date.now,
  )
  const responses = await Promise.all(
    ['slow-operations', 'errors'].map(async (path) => (await routes.request(`/api/v1/${path}`)).text()),
  )
  expect(responses.join()).toContain('failing')
  expect(JSON.stringify([slow.records, logger.lines, errors.entries, responses])).not.toContain(secret)
})

test('slow operations of `DatabaseMetrics` are recorded too', () => {
  const { registry, slow } = createSlowLog({ thresholdMs: 100 })
  const database = new DatabaseMetrics(registry, { store: 'mine' })
  database.recordGet(50e6, true)
  database.recordGet(150e6, false)
  expect(slow.records).toMatchObject([{ store: 'mine', operation: 'get', durationSeconds: 0.15, isFailed: true }])
})

test.each([0, 1.5, -1])('keep %f is rejected', (keep) => {
  expect(() => createSlowLog({ keep })).toThrow(`keep must be a whole number of 1 or more, got ${keep}`)
})
