import { expect, test } from 'vitest'
import { MetricsRegistry } from '../registry/registry.ts'
import { InFlightOperations, type PendingOperation } from './in-flight.ts'
import { OperationRecorder } from './recorder.ts'

function recorder(): OperationRecorder {
  return new OperationRecorder(new MetricsRegistry(), 'batch', { store: 'a', engine: 'memory' })
}

test('depth counts what has begun and is not settled', () => {
  const inFlight = new InFlightOperations()
  const [first, second, third] = [inFlight.begin(), inFlight.begin(), inFlight.begin()]
  expect(inFlight.depth).toBe(3)
  second.succeeded()
  expect(inFlight.depth).toBe(2)
  first.failed(new Error('full'))
  third.succeeded()
  expect(inFlight.depth).toBe(0)
})

test('nothing in flight is 0 seconds old', () => {
  const inFlight = new InFlightOperations()
  expect(inFlight.oldestAgeSeconds()).toBe(0)
  inFlight.begin().succeeded()
  expect(inFlight.oldestAgeSeconds()).toBe(0)
})

/** Begins operations and dates each back by so many hours, so that no delay of the machine makes one pass for another. */
function begunHoursAgo(inFlight: InFlightOperations, ...hours: number[]): PendingOperation[] {
  return hours.map((ago) => {
    const pending = inFlight.begin()
    pending.startMs -= ago * 3_600_000
    return pending
  })
}

function oldestHours(inFlight: InFlightOperations): number {
  return Math.round(inFlight.oldestAgeSeconds() / 3600)
}

for (const order of [
  [0, 1, 2],
  [2, 1, 0],
  [1, 0, 2],
  [1, 2, 0],
  [0, 2, 1],
  [2, 0, 1],
]) {
  test(`the age is that of the oldest one left when they settle in the order ${order.join(', ')}`, () => {
    const inFlight = new InFlightOperations()
    const hours = [3, 2, 1]
    const begun = begunHoursAgo(inFlight, ...hours)
    const left = new Set(hours)
    for (const index of order) {
      expect(oldestHours(inFlight)).toBe(Math.max(...left))
      begun[index]?.succeeded()
      left.delete(hours[index] ?? 0)
    }
    expect(inFlight.oldestAgeSeconds()).toBe(0)
  })
}

test('a settled operation is used again, and remembers nothing', () => {
  const inFlight = new InFlightOperations()
  const batches = recorder()
  const first = inFlight.begin(batches, 7)
  first.succeeded()
  const again = inFlight.begin()
  expect(again).toBe(first)
  again.succeeded()
  expect(batches.operations.value).toBe(1)
  expect(inFlight.depth).toBe(0)
})

test('operations in flight at once are different ones, also after many were settled', () => {
  const inFlight = new InFlightOperations()
  const burst = Array.from({ length: 3000 }, () => inFlight.begin())
  expect(new Set(burst).size).toBe(3000)
  for (const pending of burst) pending.succeeded()
  const next = Array.from({ length: 3000 }, () => inFlight.begin())
  expect(new Set(next).size).toBe(3000)
  expect(inFlight.depth).toBe(3000)
  for (const pending of next.toReversed()) pending.failed(undefined)
  expect([inFlight.depth, inFlight.oldestAgeSeconds()]).toEqual([0, 0])
})

test('settling records the operation once, with its entries or its error', () => {
  const inFlight = new InFlightOperations()
  const registry = new MetricsRegistry()
  const batches = new OperationRecorder(registry, 'batch', { store: 'a', engine: 'memory' })
  inFlight.begin(batches, 7).succeeded()
  inFlight.begin(batches, 5).failed(new Error('full'))
  const values = Object.fromEntries(
    registry.getAllMetrics().map(({ name, value }) => [name, typeof value === 'number' ? value : value.count]),
  )
  expect(values).toEqual({
    db_batch_operations_total: 2,
    db_batch_latency_seconds: 2,
    db_batch_errors_total: 1,
    db_batch_entries_total: 7,
    db_errors_total: 1,
  })
})

test('a random course of beginnings and settlements keeps depth and age right', () => {
  const inFlight = new InFlightOperations()
  const pending: Array<{ hours: number; operation: PendingOperation | undefined }> = []
  let state = 1
  const next = (): number => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
  for (let hours = 20_000; hours > 0; hours--) {
    if (next() < 0.5 || pending.length === 0) pending.push({ hours, operation: begunHoursAgo(inFlight, hours)[0] })
    else pending.splice(Math.floor(next() * pending.length), 1)[0]?.operation?.succeeded()
    expect([inFlight.depth, oldestHours(inFlight)]).toEqual([pending.length, pending[0]?.hours ?? 0])
  }
})
