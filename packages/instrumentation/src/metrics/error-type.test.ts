import { expect, test } from 'vitest'
import { errorType, otherError } from './error-type.ts'

const known = new Set(['LEVEL_LOCKED', 'LEVEL_CORRUPTION'])

test('a documented code is the error type', () => {
  expect(errorType(Object.assign(new Error('lock held'), { code: 'LEVEL_LOCKED' }), known)).toBe('LEVEL_LOCKED')
})

test('the code of a cause is the error type if the error has no documented code', () => {
  const cause = Object.assign(new Error('checksum'), { code: 'LEVEL_CORRUPTION' })
  expect(errorType(new Error('failed', { cause }), known)).toBe('LEVEL_CORRUPTION')
  expect(errorType(Object.assign(new Error('failed', { cause }), { code: 'ENOENT' }), known)).toBe('LEVEL_CORRUPTION')
  expect(errorType(Object.assign(new Error('failed', { cause }), { code: 'LEVEL_LOCKED' }), known)).toBe('LEVEL_LOCKED')
})

test('an undocumented code is not an error type, because codes may contain anything', () => {
  expect(errorType(Object.assign(new Error(), { code: 'key-4711' }), known)).toBe('_OTHER')
  expect(errorType(Object.assign(new Error(), { code: 11 }), known)).toBe('_OTHER')
})

test('a message is never an error type', () => {
  expect(errorType(new Error('LEVEL_LOCKED'), known)).toBe(otherError)
  expect(errorType('LEVEL_LOCKED', known)).toBe(otherError)
})

test('any thrown value has an error type', () => {
  for (const thrown of [undefined, null, 0, 'text', Symbol('s'), 1n, {}, [], () => {}, Object.create(null)]) {
    expect(errorType(thrown, known)).toBe('_OTHER')
  }
})

test('an error with a code that cannot be read has an error type', () => {
  const hostile = {
    get code(): string {
      throw new Error('no')
    },
  }
  expect(errorType(hostile, known)).toBe('_OTHER')
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  expect(errorType(proxy, known)).toBe('_OTHER')
})

test('an error that is its own cause has an error type', () => {
  const error = new Error('round')
  error.cause = error
  expect(errorType(error, known)).toBe('_OTHER')
})
