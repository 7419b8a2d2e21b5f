import { expect, test } from 'vitest'
import { initialState, type KeyContext, type PressedKey, pressKey, type ViewState } from './view-state.ts'

const rows = ['orders', 'products', 'sessions'].map((store) => ({ key: store, store }))
const context: KeyContext = { rows, sortNames: ['store', 'rate', 'p99'], pageSize: 2, entryCount: 4 }

/** Presses keys: characters, or the names of keys in angle brackets. */
function press(keys: string, from: ViewState = initialState('rate', '')): ViewState | undefined {
  return [...keys.matchAll(/<(\w+)>|./g)].reduce<ViewState | undefined>((state, [input, name]) => {
    if (state === undefined) return undefined
    return name === undefined
      ? pressKey(state, input, {}, context)
      : pressKey(state, '', { [name]: true } as Partial<PressedKey>, context)
  }, from)
}

test('arrows, j, k and pages move the selection, and never beyond the rows', () => {
  const selected = (keys: string): string | undefined => press(keys)?.selected
  expect(selected('j')).toBe('products')
  expect(selected('<downArrow><downArrow><downArrow>')).toBe('sessions')
  expect(selected('jjk')).toBe('products')
  expect(selected('k')).toBe('orders')
  expect(selected('G')).toBe('sessions')
  expect(selected('Gg')).toBe('orders')
  expect(selected('<pageDown>')).toBe('sessions')
  expect(selected('<end><pageUp>')).toBe('orders')
})

test('a row that is gone is replaced by the first one', () => {
  expect(press('j', { ...initialState('rate', ''), selected: 'gone' })?.selected).toBe('products')
})

test('Enter opens the store of the row, and Escape leads back to the table', () => {
  expect(press('j<return>')).toMatchObject({ view: 'store', openStore: 'products' })
  expect(press('oj<rightArrow>')).toMatchObject({ view: 'store', openStore: 'products', table: 'operations' })
  expect(press('j<return><escape>')).toMatchObject({ view: 'stores', selected: 'products' })
  expect(press('o<return><escape>')).toMatchObject({ view: 'operations' })
})

test('o toggles stores and operations; h, a and ? open a list and close it again', () => {
  expect(press('o')?.view).toBe('operations')
  expect(press('oo')?.view).toBe('stores')
  for (const [key, view] of [
    ['h', 'health'],
    ['a', 'alerts'],
    ['?', 'help'],
  ] as const) {
    expect(press(key)?.view).toBe(view)
    expect(press(`o${key}${key}`)?.view).toBe('operations')
    expect(press(`${key}jjjjjjkk`)?.scroll).toBe(1)
  }
})

test('s sorts by the next column and begins again with the first, r reverses', () => {
  expect(press('s')).toMatchObject({ sort: 'p99', isReversed: false })
  expect(press('ss')).toMatchObject({ sort: 'store' })
  expect(press('rs')).toMatchObject({ isReversed: false })
  expect(press('r')).toMatchObject({ sort: 'rate', isReversed: true })
})

test('a filter is typed until Enter or Escape: then the keys mean what they did before', () => {
  expect(press('/qsj')).toMatchObject({ isFiltering: true, filter: 'qsj', sort: 'rate' })
  expect(press('/ord<backspace>')).toMatchObject({ filter: 'or' })
  expect(press('/or<return>')).toMatchObject({ isFiltering: false, filter: 'or' })
  expect(press('/or<escape>')).toMatchObject({ isFiltering: false, filter: '' })
  expect(press('/or<return><escape>')).toMatchObject({ filter: '' })
  expect(press('/or<return>q')).toBeUndefined()
})

test('Space pauses and goes on, q quits', () => {
  expect(press(' ')?.isPaused).toBe(true)
  expect(press('  ')?.isPaused).toBe(false)
  expect(press('hq')).toBeUndefined()
  expect(press('x')).toEqual(initialState('rate', ''))
})
