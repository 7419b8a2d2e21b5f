import { expect, test } from 'vitest'
import { maximumLabelLength, seriesKey, validateLabel } from './labels.ts'

test('a name is a label, in any script and with pairs of surrogates', () => {
  for (const value of ['orders', 'Größe', '訂單', 'a b', '😀', 'x'.repeat(maximumLabelLength)]) {
    expect(validateLabel('store', value)).toBeUndefined()
  }
})

test('a label that is no string is at fault, and the complaint says what it is', () => {
  expect(validateLabel('store', 5)).toBe('label store must be a string, got number')
  expect(validateLabel('store', null)).toBe('label store must be a string, got null')
  expect(validateLabel('store', undefined)).toBe('label store must be a string, got undefined')
})

test('an empty label is at fault', () => {
  expect(validateLabel('store', '')).toBe('label store must not be empty: Prometheus takes an empty label for none')
})

test('half a surrogate pair is at fault, wherever it stands', () => {
  for (const value of ['\ud83d', 'a\ude00', '\ude00\ud83d', '😀\ud83d']) {
    expect(validateLabel('store', value)).toBe('label store holds half a surrogate pair, which UTF-8 cannot carry')
  }
})

test('a label that is too long is at fault, and the complaint has its length and not its text', () => {
  expect(validateLabel('store', 'secret'.repeat(200))).toBe('label store must have at most 1024 characters, got 1200')
})

test('one set of labels has one identity, whatever their order', () => {
  const identity = seriesKey({ store: 'a', operation: 'get', error_type: 'X' })
  expect(seriesKey({ error_type: 'X', store: 'a', operation: 'get' })).toBe(identity)
  expect(seriesKey({ operation: 'get', error_type: 'X', store: 'a' })).toBe(identity)
})

test('no value can be chosen so that two sets of labels become one', () => {
  const separators = ['', '\u0000', '\u0001', '\u00001\u0000', 'b', '=', ',']
  const identities = new Set<string>()
  for (const one of separators) {
    for (const other of separators) {
      identities.add(seriesKey({ a: `x${one}b${other}y` }))
      identities.add(seriesKey({ a: `x${one}`, b: `${other}y` }))
    }
  }
  const distinct = new Set(separators.flatMap((one) => separators.map((other) => `x${one}b${other}y`))).size
  expect(identities.size).toBe(distinct + separators.length ** 2)
})
