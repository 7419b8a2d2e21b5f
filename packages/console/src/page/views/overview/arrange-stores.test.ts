import { expect, test } from 'vitest'
import type { StoreState } from '../../api/types.ts'
import { arrangeStores } from './arrange-stores.ts'

const store = (name: string, more: Partial<StoreState> = {}): StoreState => ({
  store: name,
  state: 'open',
  health: 'healthy',
  firing: 0,
  pending: 0,
  operations: [],
  metrics: [],
  ...more,
})
const stores = [
  store('orders-10', { engine: 'leveldb', p99Seconds: 0.2 }),
  store('orders-9', { engine: 'lmdb', errorShare: 0.1 }),
  store('carts', { health: 'critical', p99Seconds: 0.5 }),
  store('sessions', { firing: 1 }),
]
const names = (options: Partial<Parameters<typeof arrangeStores>[1]>): string[] =>
  arrangeStores(stores, { search: '', order: 'worst', filter: 'all', ...options }).map(({ store }) => store)

test('the worst store is first: by its status, then its alerts, then its errors', () => {
  expect(names({})).toEqual(['carts', 'sessions', 'orders-9', 'orders-10'])
})

test('names with numbers are sorted by their numbers', () => {
  expect(names({ order: 'name' })).toEqual(['carts', 'orders-9', 'orders-10', 'sessions'])
})

test('stores without a value are last', () => {
  expect(names({ order: 'p99' })).toEqual(['carts', 'orders-10', 'orders-9', 'sessions'])
})

test('all words of a search must be in the name or the engine', () => {
  expect(names({ search: 'ORDERS lmdb' })).toEqual(['orders-9'])
})

test('a store has a problem if it is not healthy or an alert fires', () => {
  expect(names({ filter: 'problems' })).toEqual(['carts', 'sessions'])
})
