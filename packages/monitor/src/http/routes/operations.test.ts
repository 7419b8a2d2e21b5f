import { DatabaseMetrics, MetricsRegistry } from '@wombat/instrumentation'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { expect, onTestFinished, test } from 'vitest'
import { ErrorHistory } from '../../operations/error-history.ts'
import { SlowLog } from '../../operations/slow-log.ts'
import { ProcessMonitor } from '../../process/process-monitor.ts'
import { GroupOperations } from '../../processes/group-operations.ts'
import { ManualClock } from '../../time/clock.ts'
import { operationRoutes } from './operations.ts'

/** Two stores; `orders` failed twelve times in two minutes, `users` once. Every failure took two seconds, which is slow. */
function routes(isAdaptive = false, keep = 100, fastGets = 0) {
  const registry = new MetricsRegistry()
  const clock = new ManualClock(0)
  const process = new ProcessMonitor(registry)
  const slow = new SlowLog({ registry, process, logger: collectingLogger(), thresholdMs: 1000, isAdaptive, clock })
  const errors = new ErrorHistory({ registry, keep, clock })
  onTestFinished(() => {
    slow.close()
    errors.close()
  })
  const orders = new DatabaseMetrics(registry, { store: 'orders', operations: ['get'] })
  for (let failed = 1; failed <= 12; failed++) {
    clock.advance(10_000)
    orders.recordGet(2e9, false)
  }
  new DatabaseMetrics(registry, { store: 'users', operations: ['set'] }).recordSet(2e9, false)
  const users = new DatabaseMetrics(registry, { store: 'users', operations: ['get'] })
  for (let done = 0; done < fastGets; done++) users.recordGet(1e5, true)
  slow.adapt()
  return operationRoutes(
    new GroupOperations({ slowLog: slow, errors, now: () => clock.nowMs(), others: () => [], ownWorker: () => undefined }),
    registry,
    () => clock.nowMs(),
  )
}

async function ask(path: string, app = routes()): Promise<{ status: number; body: ReturnType<typeof JSON.parse> }> {
  const response = await app.request(path)
  return { status: response.status, body: await response.json() }
}

test('slow operations are newest first, with the threshold and the number of suppressed log lines', async () => {
  const { status, body } = await ask('/api/v1/slow-operations')
  expect(status).toBe(200)
  expect(body).toMatchObject({ thresholdSeconds: 1, suppressed: 3, enabled: true })
  expect(body.slowOperations).toHaveLength(13)
  expect(body.slowOperations[0]).toMatchObject({ timeMs: 120_000, store: 'users', operation: 'set', durationSeconds: 2 })
  expect(body.slowOperations.at(-1)).toMatchObject({ timeMs: 10_000, store: 'orders', isFailed: true })
})

test('adaptive thresholds are listed per operation', async () => {
  const app = routes(true, 100, 200)
  const { body } = await ask('/api/v1/slow-operations', app)
  const users = { store: 'users', operation: 'get', seconds: 0.02 }
  expect(body).toMatchObject({ thresholdSeconds: 1, adaptiveThresholds: [users] })
  expect((await ask('/api/v1/slow-operations?store=users', app)).body.adaptiveThresholds).toEqual([users])
  expect((await ask('/api/v1/slow-operations?store=orders', app)).body.adaptiveThresholds).toEqual([])
})

test('errors are newest first, with their rate and their types', async () => {
  const { body } = await ask('/api/v1/errors?window=1m')
  expect(body.errors).toHaveLength(8)
  expect(body.errors[0]).toEqual({
    firstMs: 120_000,
    lastMs: 120_000,
    store: 'users',
    operation: 'set',
    errorType: '_OTHER',
    count: 1,
  })
  expect(body).toMatchObject({ countsByType: { _OTHER: 8 }, windowSeconds: 60, knownSinceMs: 0 })
  expect(body.ratePerSecond).toBeCloseTo(8 / 60, 9)
})

test('answers can be limited to one store and to a number of entries', async () => {
  const { body } = await ask('/api/v1/errors?window=2m&store=orders&limit=2')
  expect(body.errors.map(({ firstMs }: { firstMs: number }) => firstMs)).toEqual([120_000, 110_000])
  expect(body.ratePerSecond).toBe(0.1)
  expect((await ask('/api/v1/slow-operations?store=orders&limit=3')).body.slowOperations).toHaveLength(3)
})

test('slow operations can be selected by operation, cause, duration and time', async () => {
  const total = async (parameters: string) => (await ask(`/api/v1/slow-operations?${parameters}`)).body.total
  expect(await total('')).toBe(13)
  expect(await total('operation=set')).toBe(1)
  expect(await total('cause=store')).toBe(13)
  expect(await total('cause=thread_pool')).toBe(0)
  expect(await total('minSeconds=2')).toBe(13)
  expect(await total('minSeconds=2.1')).toBe(0)
  expect(await total('start=100000&end=110000')).toBe(2)
  expect(await total('start=-15s')).toBe(3)
})

test('errors can be selected by operation and type, and their counts are those of the store', async () => {
  const { body } = await ask('/api/v1/errors?window=2m&operation=set')
  expect(body).toMatchObject({ total: 1, errors: [{ store: 'users', operation: 'set' }], countsByType: { _OTHER: 13 } })
  expect((await ask('/api/v1/errors?window=2m&errorType=_OTHER')).body.total).toBe(13)
  expect((await ask('/api/v1/errors?window=2m&errorType=EIO')).body).toMatchObject({ total: 0, errors: [] })
})

test('errors can be selected by time, whatever the window of their rate is', async () => {
  const total = async (parameters: string) => (await ask(`/api/v1/errors?${parameters}`)).body.total
  expect(await total('start=100000&end=110000')).toBe(2)
  expect(await total('start=-15s')).toBe(3)
  expect(await total('end=20000')).toBe(2)
  expect((await ask('/api/v1/errors?window=1m&end=20000')).body).toMatchObject({ total: 2, countsByType: { _OTHER: 8 } })
})

test('a page has its entries and the number of all', async () => {
  const times = async (path: string, list: string) => {
    const { body } = await ask(path)
    return [body.total, ...body[list].map(({ timeMs, firstMs }: { timeMs: number; firstMs: number }) => timeMs ?? firstMs)]
  }
  expect(await times('/api/v1/slow-operations?store=orders&limit=2&offset=3', 'slowOperations')).toEqual([12, 90_000, 80_000])
  expect(await times('/api/v1/errors?window=2m&store=orders&limit=2&offset=11', 'errors')).toEqual([12, 10_000])
  expect(await times('/api/v1/errors?window=2m&offset=100', 'errors')).toEqual([13])
})

test('the default window is five minutes, or the life of a younger process; a longer window has no rate', async () => {
  const { body } = await ask('/api/v1/errors')
  expect(body).toMatchObject({ windowSeconds: 120, countsByType: { _OTHER: 13 } })
  expect(body.ratePerSecond).toBeCloseTo(13 / 120, 9)
  expect((await ask('/api/v1/errors?window=1h')).body).not.toHaveProperty('ratePerSecond')
})

test('if no errors are kept, there are none and there is no rate', async () => {
  const { body } = await ask('/api/v1/errors', routes(false, 0))
  expect(body).toEqual({ errors: [], total: 0, countsByType: {}, windowSeconds: 1 })
})

test.each([
  ['/api/v1/errors?window=5', /^window must be a time of a second or more such as 30s, 5m or 1h, got "5"$/],
  ['/api/v1/errors?window=10ms', /^window must be a time of a second or more/],
  ['/api/v1/errors?window=', /^window must be a time/],
  ['/api/v1/errors?limit=0', /^limit must be a whole number from 1 to 10000, got "0"$/],
  ['/api/v1/errors?limit=all', /^limit must be a whole number from 1 to 10000, got "all"$/],
  ['/api/v1/errors?store=', /^store must be a store's name, got ""$/],
  [
    '/api/v1/errors?last=5m',
    /^last: unknown parameter; the parameters are store, operation, start, end, limit, offset, errorType, window$/,
  ],
  [
    '/api/v1/slow-operations?window=5m',
    /^window: unknown parameter; the parameters are store, operation, start, end, limit, offset, cause, minSeconds/,
  ],
  ['/api/v1/slow-operations?ofset=5', /^ofset: unknown parameter: did you mean offset\?/],
  ['/api/v1/slow-operations?cause=disk', /^cause must be one of event_loop, thread_pool, store, got "disk"$/],
  ['/api/v1/slow-operations?sort=durations', /^sort must be one of time, duration, got "durations": did you mean duration\?$/],
  ['/api/v1/slow-operations?minSeconds=-1', /^minSeconds must be a number of seconds, 0 or more, got "-1"$/],
])('%s is rejected with the problem', async (path, expected) => {
  const { status, body } = await ask(path)
  expect(status).toBe(400)
  expect(body.error).toMatch(expected)
})
