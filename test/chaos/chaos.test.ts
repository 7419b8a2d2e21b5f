import { expect, test } from 'vitest'
import { runChaos } from './run.ts'

test('two minutes of faults: nothing owed is lost, every count is right, every request is answered, and no secret is seen', async () => {
  // For hours: npm run chaos -- --for 8h
  const { violations, ...figures } = await runChaos({ seconds: 120, seed: 11, faultMs: 3500 })
  expect(violations).toEqual([])
  expect(figures.operations).toBeGreaterThan(5000)
  expect(figures.requests).toBeGreaterThan(200)
  expect(figures.episodes.fired).toBeGreaterThan(5)
  expect(Object.keys(figures.faults).length + Object.keys(figures.leftOut).length).toBeGreaterThan(15)
}, 400_000)
