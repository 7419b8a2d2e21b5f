import { DatabaseMetrics, MetricsRegistry } from '@wombat/instrumentation'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { expect, onTestFinished, test } from 'vitest'
import { OperationMonitor } from '../operations/operation-monitor.ts'
import { ManualClock } from '../time/clock.ts'
import { GroupOperations } from './group-operations.ts'

type Gets = ReadonlyArray<readonly [atMs: number, seconds: number]>

/** Creates the operations of a process that asks others. All of its gets fail, at these times and after as many seconds. */
function createProcess(worker: string, others: Readonly<Record<string, GroupOperations>>, gets: Gets): GroupOperations {
  const registry = new MetricsRegistry()
  const clock = new ManualClock(0)
  const operations = new OperationMonitor({
    registry,
    logger: collectingLogger(),
    clock,
    slowThresholdMs: 1000,
    isSlowThresholdAdaptive: false,
    maxErrors: 100,
    redactError: undefined,
  })
  onTestFinished(() => operations.close())
  const metrics = new DatabaseMetrics(registry, { store: 'orders', operations: ['get'] })
  for (const [atMs, seconds] of gets) {
    clock.advance(atMs - clock.nowMs())
    metrics.recordGet(seconds * 1e9, false)
  }
  clock.advance(100_000 - clock.nowMs())
  const group = {
    askAll: async (_: string, body: unknown): Promise<ReadonlyMap<string, unknown>> => {
      const names = Object.keys(others)
      const answers = await Promise.all(names.map((name) => others[name]?.answer(structuredClone(body))))
      return new Map(names.map((name, index) => [name, answers[index]]))
    },
  }
  const { slowLog, errors } = operations
  return new GroupOperations({ slowLog, errors, now: () => clock.nowMs(), others: () => [group], ownWorker: () => worker })
}

function createGroup(): GroupOperations {
  const second = createProcess('2', {}, [
    [10_000, 5],
    [30_000, 1],
    [50_000, 3],
  ])
  const gets = [
    [20_000, 2],
    [40_000, 6],
    [60_000, 4],
  ] as const
  return createProcess('1', { 2: second }, gets)
}

test('a page is that of all processes together, in the order asked for', async () => {
  const group = createGroup()
  const page = async (sort: 'time' | 'duration', offset: number) => {
    const { slowOperations, total } = await group.slowOperations({ sort, offset, limit: 2 })
    return [total, ...slowOperations.map(({ durationSeconds, worker }) => `${durationSeconds} s of ${worker}`)]
  }
  expect(await page('duration', 0)).toEqual([6, '6 s of 1', '5 s of 2'])
  expect(await page('duration', 2)).toEqual([6, '4 s of 1', '3 s of 2'])
  expect(await page('duration', 4)).toEqual([6, '2 s of 1', '1 s of 2'])
  expect(await page('time', 0)).toEqual([6, '4 s of 1', '3 s of 2'])
  expect(await page('time', 4)).toEqual([6, '2 s of 1', '5 s of 2'])
  expect(await page('time', 6)).toEqual([6])
})

test('each process selects its own', async () => {
  const { slowOperations, total } = await createGroup().slowOperations({
    sort: 'time',
    offset: 1,
    limit: 10,
    minSeconds: 3,
    startMs: 20_000,
  })
  expect([total, ...slowOperations.map(({ timeMs }) => timeMs)]).toEqual([3, 50_000, 40_000])
})

test('errors of all processes have pages, too', async () => {
  const group = createGroup()
  const { errors, total, countsByType } = await group.recentErrors({ offset: 4, limit: 10, operation: 'get' })
  expect([total, ...errors.map(({ lastMs, worker }) => `${lastMs} of ${worker}`)]).toEqual([6, '20000 of 1', '10000 of 2'])
  expect(countsByType).toEqual({ _OTHER: 6 })
  expect((await group.recentErrors({ offset: 0, limit: 10, errorType: 'EIO' })).total).toBe(0)
})
