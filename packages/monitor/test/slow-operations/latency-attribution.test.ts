import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { nodeFlags } from '@wombat/test-support/type-stripping'
import { expect, test } from 'vitest'
import type { SlowRecord } from '../../src/operations/slow-log.ts'

interface Told {
  readonly records: readonly SlowRecord[]
  readonly lines: readonly SlowRecord[]
  /** The longest of each, in seconds. */
  readonly waits: { readonly loop: number; readonly pool: number }
}

/** What the slow log of a process says after a scenario. The process ends by itself, with the watch still going. */
async function played(scenario: string, durationMs = 800): Promise<Told> {
  const flags = [...nodeFlags, '--disable-warning=ExperimentalWarning', '--conditions=source']
  const program = join(import.meta.dirname, 'scenario-process.ts')
  const run = promisify(execFile)(process.execPath, [...flags, program, scenario, String(durationMs)], { timeout: 25_000 })
  const told = JSON.parse((await run).stdout) as Told
  for (const { storeSeconds, loopSeconds, poolSeconds, durationSeconds } of told.records) {
    expect(Math.min(storeSeconds, loopSeconds, poolSeconds)).toBeGreaterThanOrEqual(0)
    expect(storeSeconds + loopSeconds + poolSeconds).toBeCloseTo(durationSeconds, 9)
  }
  return told
}

function only(told: Told, operation: string): SlowRecord {
  const [found, ...others] = told.records.filter((record) => record.operation === operation)
  expect(others).toEqual([])
  return found as SlowRecord
}

test.each([800, 5000])('a read behind %i ms of a blocked event loop is put down to the loop', async (durationMs) => {
  const told = await played('event loop', durationMs)
  const { cause, loopSeconds, storeSeconds, durationSeconds, eventLoopDelaySeconds } = only(told, 'get')
  expect(cause).toBe('event_loop')
  expect(durationSeconds).toBeGreaterThanOrEqual(durationMs / 1000)
  expect(loopSeconds).toBeGreaterThan(0.9 * durationSeconds)
  expect(storeSeconds).toBeLessThan(0.1 * durationSeconds)
  expect(eventLoopDelaySeconds).toBeGreaterThan((0.9 * durationMs) / 1000)
  expect(told.waits.loop).toBeGreaterThan((0.9 * durationMs) / 1000)
  expect(told.waits.pool).toBeLessThan(0.5)
})

test('a write to a LevelDB whose disk hangs is put down to the store, and logged with its sizes', async () => {
  const told = await played('store')
  const record = only(told, 'set')
  expect(record).toMatchObject({ store: 'orders', cause: 'store', keyBytes: 3, valueBytes: 5, inFlight: 1, isFailed: false })
  expect(record.durationSeconds).toBeGreaterThanOrEqual(0.8)
  expect(record.storeSeconds).toBeGreaterThan(0.7 * record.durationSeconds)
  expect(told.lines).toEqual([record])
})

test('writes that fill the pool because their LevelDB hangs are put down to the store, those that waited behind them too', async () => {
  const told = await played('store that fills the pool')
  expect(told.records.map(({ cause }) => cause)).toEqual(Array(8).fill('store'))
  expect(told.waits.pool).toBeGreaterThan(0.4)
})

test('a read that waits for a thread while somebody else hashes on all of them is put down to the pool', async () => {
  const { cause, poolSeconds, storeSeconds, durationSeconds } = only(await played('thread pool', 1500), 'get')
  expect(cause).toBe('thread_pool')
  expect(poolSeconds).toBeGreaterThan(storeSeconds)
  expect(storeSeconds).toBeLessThan(0.5 * durationSeconds)
})

test('a block in the midst of a stall delayed nothing: the loop turned after it, and the store was not done', async () => {
  const told = await played('event loop in the midst of a stall')
  const { cause, loopSeconds, durationSeconds } = only(told, 'set')
  expect(told.waits.loop).toBeGreaterThan(0.3)
  expect(cause).toBe('store')
  expect(loopSeconds).toBeLessThan(0.2 * durationSeconds)
})

test('a synchronous read that hangs is put down to the store, though it is what blocked the event loop', async () => {
  const told = await played('store in the main thread')
  const { cause, storeSeconds, durationSeconds } = only(told, 'get')
  expect(told.waits.loop).toBeGreaterThan(0.5)
  expect([cause, storeSeconds]).toEqual(['store', durationSeconds])
})
