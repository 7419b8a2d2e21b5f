import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { measureOperationCost } from './operation-cost.ts'

test('what measuring an operation costs is told once, and not before it was found', async () => {
  const told: number[] = []
  const known = new Promise<void>((resolve) => {
    measureOperationCost((seconds) => {
      told.push(seconds)
      resolve()
    }, 1)
  })
  expect(told).toEqual([])
  await known
  await sleep(20)
  expect(told).toHaveLength(1)
  expect(told[0]).toBeGreaterThanOrEqual(0)
  expect(told[0]).toBeLessThan(1)
})

test('once it was stopped, nothing is told', async () => {
  const told: number[] = []
  const stop = measureOperationCost((seconds) => told.push(seconds), 1)
  stop()
  const done = new Promise<void>((resolve) => measureOperationCost(() => resolve(), 2))
  await done
  expect(told).toEqual([])
})
