import { expect, test } from 'vitest'
import type { SlowOperation } from '../../api/types.ts'
import { splitDuration } from './slow-causes.ts'

const operation: SlowOperation = {
  timeMs: 0,
  store: 'orders',
  operation: 'get',
  durationSeconds: 1,
  storeSeconds: 0.25,
  loopSeconds: 0.75,
  poolSeconds: 0,
  cause: 'event_loop',
  eventLoopDelaySeconds: 0.75,
  isFailed: false,
}

function labels(changes: Partial<SlowOperation>): readonly string[] {
  return splitDuration({ ...operation, ...changes }).map(({ label }) => label)
}

test('the cause comes first, and what took no time is left out', () => {
  expect(splitDuration(operation).map(({ cause, seconds }) => [cause, seconds])).toEqual([
    ['event_loop', 0.75],
    ['store', 0.25],
  ])
})

test('the cause comes first if another part is as long', () => {
  expect(labels({ storeSeconds: 0.5, loopSeconds: 0.5, cause: 'event_loop' })).toEqual(['event loop', 'store'])
  expect(labels({ storeSeconds: 0.5, loopSeconds: 0.5, cause: 'store' })).toEqual(['store', 'event loop'])
})

test('a part of less than a hundredth has no word', () => {
  expect(labels({ storeSeconds: 0.009, loopSeconds: 0.991 })).toEqual(['event loop'])
})
