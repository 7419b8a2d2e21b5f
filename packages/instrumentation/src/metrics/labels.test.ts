import { expect, test } from 'vitest'
import { maximumLabelLength, seriesKey, validateLabel } from './labels.ts'

test('a name in any script is a valid label, including surrogate pairs', () => {
  for (const value of ['orders', 'Größe', '訂單', 'a b', '😀', 'x'.repeat(maximumLabelLength)]) {
    expect(validateLabel('store', value)).toBeUndefined()
  }
})

test('a label that is not a string is invalid, and the message names its type', () => {
  expect(validateLabel('store', 5)).toBe('label store must be a string, got number')
  expect(validateLabel('store', null)).toBe('label store must be a string, got null')
  expect(validateLabel('store', undefined)).toBe('label store must be a string, got undefined')
})

test('an empty label is invalid', () => {
  expect(validateLabel('store', '')).toBe('label store must not be empty: Prometheus treats an empty label as a missing one')
})

test('a lone surrogate is invalid at any position', () => {
  for (const value of ['\ud83d', 'a\ude00', '\ude00\ud83d', '😀\ud83d']) {
    expect(validateLabel('store', value)).toBe('label store must not contain a lone surrogate: UTF-8 cannot encode it')
  }
})

test('a label that is too long is invalid, and the message has its length but not its text', () => {
  expect(validateLabel('store', 'secret'.repeat(200))).toBe('label store must have at most 1024 characters, got 1200')
})

test('a label set has one key, independent of the order', () => {
  const key = seriesKey({ store: 'a', operation: 'get', error_type: 'X' })
  expect(seriesKey({ error_type: 'X', store: 'a', operation: 'get' })).toBe(key)
  expect(seriesKey({ operation: 'get', error_type: 'X', store: 'a' })).toBe(key)
})

test('no label value can make the keys of two label sets equal', () => {
  const separators = ['', '\u0000', '\u0001', '\u00001\u0000', 'b', '=', ',']
  const keys = new Set<string>()
  for (const one of separators) {
    for (const other of separators) {
      keys.add(seriesKey({ a: `x${one}b${other}y` }))
      keys.add(seriesKey({ a: `x${one}`, b: `${other}y` }))
    }
  }
  const distinct = new Set(separators.flatMap((one) => separators.map((other) => `x${one}b${other}y`))).size
  expect(keys.size).toBe(distinct + separators.length ** 2)
})
