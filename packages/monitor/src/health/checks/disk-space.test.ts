import { expect, test } from 'vitest'
import { defaultHealthBounds as bounds } from '../bounds.ts'
import type { HealthStatus } from '../status.ts'
import { evaluateDisk } from './disk-space.ts'

const gibibyte = 2 ** 30

interface Case {
  readonly available?: number
  readonly capacity?: number
  readonly pending?: number
  readonly inodes?: number
  readonly allInodes?: number
  readonly previousStatus?: HealthStatus
}

function evaluate({ available = 500, capacity = 1000, pending, inodes, allInodes = 0, previousStatus = 'healthy' }: Case) {
  const volume = { availableBytes: available * gibibyte, capacityBytes: capacity * gibibyte, availableInodes: inodes }
  const state = { state: 'known', volume, capacityInodes: allInodes } as const
  return evaluateDisk(state, { store: 'orders', pendingBytes: pending && pending * gibibyte, bounds, previousStatus })
}

test('free space must cover pending compaction, and exceed it by a fifth before the status ends', () => {
  expect(evaluate({ pending: 499 })).toMatchObject({ status: 'healthy', message: 'Sufficient disk space available' })
  expect(evaluate({ pending: 501 })).toMatchObject({
    status: 'unhealthy',
    message: 'Not enough disk space for pending compaction',
    reason: 'no_room',
    observed: { value: 500 * gibibyte, bound: 501 * gibibyte },
  })
  expect(evaluate({ pending: 420, previousStatus: 'unhealthy' })).toMatchObject({ status: 'unhealthy' })
  expect(evaluate({ pending: 410, previousStatus: 'unhealthy' })).toMatchObject({ status: 'healthy' })
  expect(evaluate({ pending: 420, previousStatus: 'unknown' })).toMatchObject({ status: 'healthy' })
})

test('a tenth of a large volume must be free', () => {
  expect(evaluate({ available: 99 })).toMatchObject({
    status: 'degraded',
    message: 'Low disk space',
    observed: { bound: 100 * gibibyte },
  })
  expect(evaluate({ available: 119, previousStatus: 'degraded' })).toMatchObject({
    status: 'degraded',
    message: 'Low disk space',
  })
  expect(evaluate({ available: 119, previousStatus: 'unknown' })).toMatchObject({ status: 'healthy' })
  expect(evaluate({ available: 121, previousStatus: 'degraded' })).toMatchObject({ status: 'healthy' })
})

test('a twentieth of the inodes must be free, if the file system has a fixed number of them', () => {
  expect(evaluate({ inodes: 40_000, allInodes: 1e6 })).toMatchObject({
    status: 'degraded',
    message: 'Few inodes left',
    observed: { value: 40_000, bound: 50_000 },
  })
  expect(evaluate({ inodes: 55_000, allInodes: 1e6, previousStatus: 'degraded' })).toMatchObject({ message: 'Few inodes left' })
  expect(evaluate({ inodes: 61_000, allInodes: 1e6, previousStatus: 'degraded' })).toMatchObject({ status: 'healthy' })
  expect(evaluate({})).toMatchObject({ status: 'healthy' })
})

test('the worst finding is reported: insufficient space before few inodes', () => {
  expect(evaluate({ available: 0.05, inodes: 1 })).toMatchObject({ status: 'critical', message: 'Insufficient disk space' })
})
