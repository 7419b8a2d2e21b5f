import { expect, test } from 'vitest'
import { arrangeThresholds } from './arrange-thresholds.ts'

test('a store has one row with the thresholds of its operations', () => {
  const rows = arrangeThresholds([
    { store: 'users', operation: 'get', seconds: 0.02 },
    { store: 'orders', operation: 'get', seconds: 0.03 },
    { store: 'orders', operation: 'set', seconds: 0.5 },
  ])
  expect(rows.map(({ store, spans }) => [store, [...spans.keys()]])).toEqual([
    ['orders', ['get', 'set']],
    ['users', ['get']],
  ])
})

test('different thresholds of several processes are a span', () => {
  const [row] = arrangeThresholds([
    { store: 'orders', operation: 'get', seconds: 0.03, worker: '1' },
    { store: 'orders', operation: 'get', seconds: 0.02, worker: '2' },
    { store: 'orders', operation: 'get', seconds: 0.05, worker: '3' },
  ])
  expect(row?.spans.get('get')).toEqual({ minSeconds: 0.02, maxSeconds: 0.05 })
})
