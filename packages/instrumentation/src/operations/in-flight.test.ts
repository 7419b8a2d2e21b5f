import { expect, test } from 'vitest'
import { MetricsRegistry } from '../registry/registry.ts'
import { InFlightOperations, type PendingOperation } from './in-flight.ts'
import { OperationRecorder } from './recorder.ts'

function recorder(): OperationRecorder {
  return new OperationRecorder(new MetricsRegistry(), 'batch', { store: 'a', engine: 'memory' })
}

test('the depth is the number of operations that have started and not settled', () => {
  const inFlight = new InFlightOperations()
  const [first, second, third] = [inFlight.begin(), inFlight.begin(), inFlight.begin()]
  expect(inFlight.depth).toBe(3)
  second.succeeded()
  expect(inFlight.depth).toBe(2)
  first.failed(new Error('full'))
  third.succeeded()
  expect(inFlight.depth).toBe(0)
})

test('the oldest age is 0 if nothing is in flight', () => {
  const inFlight = new InFlightOperations()
  expect(inFlight.oldestAgeSeconds()).toBe(0)
  inFlight.begin().succeeded()
  expect(inFlight.oldestAgeSeconds()).toBe(0)
})

/** Starts operations and sets their start back by hours: a difference that no delay of the machine can hide. */
function beginHoursAgo(inFlight: InFlightOperations, ...hours: number[]): PendingOperation[] {
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
  test(`the oldest age is correct when operations settle in the order ${order.join(', ')}`, () => {
    const inFlight = new InFlightOperations()
    const hours = [3, 2, 1]
    const started = beginHoursAgo(inFlight, ...hours)
    const remaining = new Set(hours)
    for (const index of order) {
      expect(oldestHours(inFlight)).toBe(Math.max(...remaining))
      started[index]?.succeeded()
      remaining.delete(hours[index] ?? 0)
    }
    expect(inFlight.oldestAgeSeconds()).toBe(0)
  })
}

test('the object of a settled operation is reused without its old state', () => {
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

test('concurrent operations have different objects, also after many have settled', () => {
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

test('depth and oldest age stay correct in a random sequence of starts and settlements', () => {
  const inFlight = new InFlightOperations()
  const pending: Array<{ hours: number; operation: PendingOperation | undefined }> = []
  let state = 1
  const next = (): number => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
  for (let hours = 20_000; hours > 0; hours--) {
    if (next() < 0.5 || pending.length === 0) pending.push({ hours, operation: beginHoursAgo(inFlight, hours)[0] })
    else pending.splice(Math.floor(next() * pending.length), 1)[0]?.operation?.succeeded()
    expect([inFlight.depth, oldestHours(inFlight)]).toEqual([pending.length, pending[0]?.hours ?? 0])
  }
})
