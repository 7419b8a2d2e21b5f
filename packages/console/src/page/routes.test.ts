import { expect, test } from 'vitest'
import { formatHash, parseHash } from './routes.ts'

test('an address has the view and everything that is chosen', () => {
  expect(parseHash('#/operations?store=orders&range=6h&operation=get')).toEqual({
    view: 'operations',
    parameters: { store: 'orders', range: '6h', operation: 'get' },
  })
})

test('what was chosen comes back from the address, whatever a store is called', () => {
  const parameters = { store: 'a&b=c d/ö,%', range: '1h' }
  expect(parseHash(formatHash('engine', parameters))).toEqual({ view: 'engine', parameters })
})

test('an unknown view is the overview, and unknown parameters are left out', () => {
  expect(parseHash('#/nothing?store=orders&constructor=1')).toEqual({ view: 'overview', parameters: { store: 'orders' } })
  expect(parseHash('')).toEqual({ view: 'overview', parameters: {} })
})

test('a parameter that is not set is not in the address', () => {
  expect(formatHash('health', { store: undefined, check: '' })).toBe('#/health')
})

test('parameters with the prefix of a view are its own, whatever follows', () => {
  const parameters = { metric: 'db_level_files', 'label.level': '0,1', 'label.store': 'orders' }
  expect(parseHash('#/explore?metric=db_level_files&label.level=0,1&label.store=orders')).toEqual({ view: 'explore', parameters })
  expect(parseHash(formatHash('explore', parameters))).toEqual({ view: 'explore', parameters })
  expect(parseHash('#/health?label.level=0').parameters).toEqual({})
})
