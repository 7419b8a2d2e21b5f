import { conditionSeries, defaultRules } from '@wombat/monitor'
import { expect, test } from 'vitest'
import { newCanary } from './canary.ts'

test('no default rule judges a value of the canary: a doctor wakes nobody', () => {
  const judgedAtOnce = defaultRules.filter(({ condition }) => /^(metric|share|forecast)_/.test(condition)).map(conditionSeries)
  expect(judgedAtOnce).toContain('db_level_files')
  const names = newCanary().expected.map(({ name }) => name)
  expect(names.filter((name) => judgedAtOnce.includes(name))).toEqual([])
})
