import { expect, test } from 'vitest'
import { isMatched, matchersOf, toSilence } from './silence-form.ts'

const filled = { matchers: [{ label: ' store ', value: 'orders ' }], hours: 4, comment: ' import ' }

test('a silence of an alert begins with its rule and has all labels but the severity', () => {
  expect(matchersOf({ store: 'orders', alertname: 'Slow', severity: 'critical' })).toEqual([
    { label: 'alertname', value: 'Slow' },
    { label: 'store', value: 'orders' },
  ])
})

test('what is filled in is trimmed and in seconds, and empty rows are left out', () => {
  expect(toSilence({ ...filled, matchers: [...filled.matchers, { label: '', value: ' ' }] })).toEqual({
    matchers: { store: 'orders' },
    durationSeconds: 14_400,
    comment: 'import',
  })
})

test('a silence of everything, a half matcher, a label twice and a wrong time are refused with the reason', () => {
  expect(toSilence({ ...filled, matchers: [] })).toMatchObject({ problem: expect.stringContaining('at least one label') })
  expect(toSilence({ ...filled, matchers: [{ label: 'store', value: '' }] })).toMatchObject({
    problem: expect.stringContaining('store'),
  })
  expect(toSilence({ ...filled, matchers: [...filled.matchers, ...filled.matchers] })).toMatchObject({
    problem: expect.stringContaining('twice'),
  })
  expect(toSilence({ ...filled, hours: Number.NaN })).toMatchObject({ problem: expect.stringContaining('30 days') })
  expect(toSilence({ ...filled, hours: 721 })).toMatchObject({ problem: expect.stringContaining('30 days') })
})

test('an alert is silenced if it has all of the labels', () => {
  expect(isMatched({ store: 'orders', alertname: 'Slow' }, { store: 'orders' })).toBe(true)
  expect(isMatched({ store: 'orders' }, { store: 'orders', alertname: 'Slow' })).toBe(false)
})
