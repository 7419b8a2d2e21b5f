import { expect, test } from 'vitest'
import { ExemplarReservoir } from './exemplar-reservoir.ts'

test('a bucket takes eight exemplars in ten milliseconds, whatever the others take', () => {
  const reservoir = new ExemplarReservoir(2)
  const taken = (bucket: number, nowMs: number): number =>
    Array.from({ length: 20 }, () => reservoir.takes(bucket, nowMs)).filter((takes) => takes).length
  expect(taken(0, 100)).toBe(8)
  expect(taken(0, 109)).toBe(0)
  expect(taken(1, 109)).toBe(8)
  expect(taken(0, 110)).toBe(8)
})

test('each bucket keeps its last exemplar', () => {
  const reservoir = new ExemplarReservoir(3)
  const exemplar = (value: number, timeMs: number) => ({ value, timeMs, traceId: '1'.repeat(32), spanId: '1'.repeat(16) })
  expect(reservoir.all).toEqual([])
  reservoir.set(2, exemplar(5, 1))
  reservoir.set(0, exemplar(1, 2))
  reservoir.set(2, exemplar(4, 3))
  expect(reservoir.all).toEqual([exemplar(1, 2), exemplar(4, 3)])
})
