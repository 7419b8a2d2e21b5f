import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { nodeFlags } from '@wombat/test-support/type-stripping'
import { expect, test } from 'vitest'
import type { SlowRecord } from '../../src/operations/slow-log.ts'

interface ScenarioResult {
  readonly records: readonly SlowRecord[]
  readonly lines: readonly SlowRecord[]
  /** The longest block of the event loop and wait for the thread pool, in seconds. */
  readonly waits: { readonly loop: number; readonly pool: number }
}

/** Runs a scenario in its own process, which exits although its monitor is not closed. Returns the records of its slow log. */
async function runScenario(scenario: string, durationMs = 800): Promise<ScenarioResult> {
  const flags = [...nodeFlags, '--disable-warning=ExperimentalWarning', '--conditions=source']
  const program = join(import.meta.dirname, 'scenario-process.ts')
  const run = promisify(execFile)(process.execPath, [...flags, program, scenario, String(durationMs)], { timeout: 25_000 })
  const result = JSON.parse((await run).stdout) as ScenarioResult
  for (const { storeSeconds, loopSeconds, poolSeconds, durationSeconds } of result.records) {
    expect(Math.min(storeSeconds, loopSeconds, poolSeconds)).toBeGreaterThanOrEqual(0)
    expect(storeSeconds + loopSeconds + poolSeconds).toBeCloseTo(durationSeconds, 9)
  }
  return result
}

function findOnly(result: ScenarioResult, operation: string): SlowRecord {
  const [found, ...others] = result.records.filter((record) => record.operation === operation)
  expect(others).toEqual([])
  return found as SlowRecord
}

test.each([800, 5000])('the cause of a read behind an event loop blocked for %i ms is the event loop', async (durationMs) => {
  const result = await runScenario('event loop', durationMs)
  const { cause, loopSeconds, storeSeconds, durationSeconds, eventLoopDelaySeconds } = findOnly(result, 'get')
  expect(cause).toBe('event_loop')
  expect(durationSeconds).toBeGreaterThanOrEqual(durationMs / 1000)
  expect(loopSeconds).toBeGreaterThan(0.9 * durationSeconds)
  expect(storeSeconds).toBeLessThan(0.1 * durationSeconds)
  expect(eventLoopDelaySeconds).toBeGreaterThan((0.9 * durationMs) / 1000)
  expect(result.waits.loop).toBeGreaterThan((0.9 * durationMs) / 1000)
  expect(result.waits.pool).toBeLessThan(0.5)
})

test('the cause of a write to a LevelDB on a hanging disk is the store, and it is logged with its sizes', async () => {
  const result = await runScenario('store')
  const record = findOnly(result, 'set')
  expect(record).toMatchObject({ store: 'orders', cause: 'store', keyBytes: 3, valueBytes: 5, inFlight: 1, isFailed: false })
  expect(record.durationSeconds).toBeGreaterThanOrEqual(0.8)
  expect(record.storeSeconds).toBeGreaterThan(0.7 * record.durationSeconds)
  expect(result.lines).toEqual([record])
})

test('if writes of a hanging LevelDB fill the thread pool, the cause of all of them is the store', async () => {
  const result = await runScenario('store that fills the pool')
  expect(result.records.map(({ cause }) => cause)).toEqual(Array(8).fill('store'))
  expect(result.waits.pool).toBeGreaterThan(0.4)
})

test('the cause of a read that waits for threads busy with hashing is the thread pool', async () => {
  const { cause, poolSeconds, storeSeconds, durationSeconds } = findOnly(await runScenario('thread pool', 1500), 'get')
  expect(cause).toBe('thread_pool')
  expect(poolSeconds).toBeGreaterThan(storeSeconds)
  expect(storeSeconds).toBeLessThan(0.5 * durationSeconds)
})

test('a block of the event loop during a stall is not the cause: the store had not finished', async () => {
  const result = await runScenario('event loop during a stall')
  const { cause, loopSeconds, durationSeconds } = findOnly(result, 'set')
  expect(result.waits.loop).toBeGreaterThan(0.3)
  expect(cause).toBe('store')
  expect(loopSeconds).toBeLessThan(0.2 * durationSeconds)
})

test('the cause of a hanging synchronous read is the store, although it blocks the event loop', async () => {
  const result = await runScenario('store in the main thread')
  const { cause, storeSeconds, durationSeconds } = findOnly(result, 'get')
  expect(result.waits.loop).toBeGreaterThan(0.5)
  expect([cause, storeSeconds]).toEqual(['store', durationSeconds])
})
