import { expect, test } from 'vitest'
import { SilenceError, type SilenceOptions, Silences } from './silences.ts'

const slow = { matchers: { alertname: 'Slow', store: 'orders' }, durationSeconds: 60 }

test('an alert is silenced if it has all labels of a silence, until the last of them ends', () => {
  const silences = new Silences()
  silences.add(slow, 1000)
  silences.add({ matchers: { store: 'orders' }, durationSeconds: 120 }, 1000)
  const labels = { alertname: 'Slow', store: 'orders', severity: 'warning' }
  expect(silences.silencedUntilMs(labels, 1000)).toBe(121_000)
  expect(silences.silencedUntilMs({ ...labels, alertname: 'Other' }, 1000)).toBe(121_000)
  expect(silences.silencedUntilMs({ ...labels, store: 'cache' }, 1000)).toBeUndefined()
  expect(silences.silencedUntilMs({ alertname: 'Slow' }, 1000)).toBeUndefined()
  expect(silences.silencedUntilMs(labels, 121_000)).toBeUndefined()
})

test('a silence ends by the clock, or when it is deleted', () => {
  const silences = new Silences()
  const { id } = silences.add(slow, 0)
  const other = silences.add({ ...slow, durationSeconds: 30, comment: 'deployment' }, 0)
  expect(silences.list(0)).toEqual([other, { id, matchers: slow.matchers, startMs: 0, endMs: 60_000 }])
  expect(silences.list(30_000).map((one) => one.id)).toEqual([id])
  expect(silences.expire(30_000)).toEqual([other])
  expect(silences.expire(30_000)).toEqual([])
  expect(silences.delete(id)?.id).toBe(id)
  expect(silences.delete(id)).toBeUndefined()
  expect(silences.list(0)).toEqual([])
})

test('after the clock was set, a silence lasts as long as before', () => {
  const silences = new Silences()
  silences.add(slow, 10_000_000)
  silences.shift(-3_600_000)
  expect(silences.list(6_400_000)).toMatchObject([{ startMs: 6_400_000, endMs: 6_460_000 }])
})

test('the silences of an earlier process last, unless they have ended meanwhile', () => {
  const before = new Silences()
  const kept = before.add({ ...slow, durationSeconds: 100 }, 0)
  before.add(slow, 0)
  const after = new Silences()
  after.restore(JSON.parse(JSON.stringify(before.save())), 60_000)
  expect(after.list(60_000)).toEqual([kept])
})

test('there are at most 100 silences, of which those that have ended do not count', () => {
  const silences = new Silences()
  for (let count = 0; count < 100; count++) silences.add(slow, 0)
  expect(() => silences.add(slow, 0)).toThrow('there are 100 silences already, which is the limit: delete one')
  expect(silences.add(slow, 60_000).startMs).toBe(60_000)
})

const invalid: ReadonlyArray<readonly [string, unknown, RegExp]> = [
  ['no fields', {}, /^matchers must be an object of 1 to 20 labels.*got nothing; durationSeconds must be/],
  ['no matchers', { ...slow, matchers: {} }, /matchers must be/],
  ['a list of matchers', { ...slow, matchers: ['a'] }, /matchers must be/],
  ['a label that is no name', { ...slow, matchers: { 'a b': 'c' } }, /matchers must be/],
  ['an empty value', { ...slow, matchers: { store: '' } }, /matchers must be/],
  ['a number as value', { ...slow, matchers: { store: 1 } }, /matchers must be/],
  ['a long value', { ...slow, matchers: { store: 'x'.repeat(501) } }, /matchers must be/],
  [
    'many matchers',
    { ...slow, matchers: Object.fromEntries(Array.from({ length: 21 }, (_, at) => [`l${at}`, 'x'])) },
    /matchers/,
  ],
  ['a prototype', { ...slow, matchers: JSON.parse('{"__proto__":{"store":"a"},"store":"b"}') }, /matchers must be/],
  [
    'no duration',
    { matchers: slow.matchers },
    /durationSeconds must be a number of seconds from 1 to 2592000 \(30 days\), got nothing/,
  ],
  ['a short duration', { ...slow, durationSeconds: 0.5 }, /durationSeconds/],
  ['a long duration', { ...slow, durationSeconds: 2_592_001 }, /durationSeconds/],
  ['NaN as duration', { ...slow, durationSeconds: Number.NaN }, /durationSeconds/],
  ['a long comment', { ...slow, comment: 'x'.repeat(501) }, /comment must be a text of at most 500 characters, got text$/],
  ['an unknown field', { ...slow, endMs: 1 }, /"endMs" is not a field: they are matchers, durationSeconds, comment/],
]

test.each(invalid)('a silence with %s is rejected with the reason', (_name, options, problem) => {
  const silences = new Silences()
  const add = (): unknown => silences.add(options as SilenceOptions, 0)
  expect(add).toThrow(SilenceError)
  expect(add).toThrow(problem)
  expect(silences.list(0)).toEqual([])
})
