import { expect, test } from 'vitest'
import { defaultHealthBounds as bounds } from '../bounds.ts'
import type { HealthStatus } from '../status.ts'
import { diskFinding } from './disk-space.ts'

const gibibyte = 2 ** 30

interface Case {
  readonly available?: number
  readonly capacity?: number
  readonly pending?: number
  readonly inodes?: number
  readonly allInodes?: number
  readonly before?: HealthStatus
}

function judge({ available = 500, capacity = 1000, pending, inodes, allInodes = 0, before = 'healthy' }: Case) {
  const volume = { availableBytes: available * gibibyte, capacityBytes: capacity * gibibyte, availableInodes: inodes }
  const reading = { state: 'known', volume, capacityInodes: allInodes } as const
  return diskFinding(reading, { store: 'orders', pendingBytes: pending && pending * gibibyte, bounds, before })
}

test('there must be room for what compaction has to rewrite, and a fifth more for it to be enough again', () => {
  expect(judge({ pending: 499 })).toMatchObject({ status: 'healthy', message: 'Sufficient disk space available' })
  expect(judge({ pending: 501 })).toMatchObject({
    status: 'unhealthy',
    message: 'No room for the pending compaction',
    reason: 'no_room',
    observed: { value: 500 * gibibyte, bound: 501 * gibibyte },
  })
  expect(judge({ pending: 420, before: 'unhealthy' })).toMatchObject({ status: 'unhealthy' })
  expect(judge({ pending: 410, before: 'unhealthy' })).toMatchObject({ status: 'healthy' })
  expect(judge({ pending: 420, before: 'unknown' })).toMatchObject({ status: 'healthy' })
})

test('of a large volume a tenth must be free', () => {
  expect(judge({ available: 99 })).toMatchObject({
    status: 'degraded',
    message: 'Low disk space',
    observed: { bound: 100 * gibibyte },
  })
  expect(judge({ available: 119, before: 'degraded' })).toMatchObject({ status: 'degraded', message: 'Low disk space' })
  expect(judge({ available: 119, before: 'unknown' })).toMatchObject({ status: 'healthy' })
  expect(judge({ available: 121, before: 'degraded' })).toMatchObject({ status: 'healthy' })
})

test('of many inodes a twentieth must be free; where there is no fixed number, none are missed', () => {
  expect(judge({ inodes: 40_000, allInodes: 1e6 })).toMatchObject({
    status: 'degraded',
    message: 'Few inodes left',
    observed: { value: 40_000, bound: 50_000 },
  })
  expect(judge({ inodes: 55_000, allInodes: 1e6, before: 'degraded' })).toMatchObject({ message: 'Few inodes left' })
  expect(judge({ inodes: 61_000, allInodes: 1e6, before: 'degraded' })).toMatchObject({ status: 'healthy' })
  expect(judge({})).toMatchObject({ status: 'healthy' })
})

test('what is worse is said first: no space before few inodes', () => {
  expect(judge({ available: 0.05, inodes: 1 })).toMatchObject({ status: 'critical', message: 'Insufficient disk space' })
})
