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
