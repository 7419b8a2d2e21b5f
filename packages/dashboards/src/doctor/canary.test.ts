import { conditionSeries, defaultRules } from '@wombat/monitor'
import { expect, test } from 'vitest'
import { createCanary } from './canary.ts'

test('the values of a canary trigger no default alert', () => {
  const metricsWithInstantRules = defaultRules
    .filter(({ condition }) => /^(metric|share|forecast)_/.test(condition))
    .map(conditionSeries)
  expect(metricsWithInstantRules).toContain('db_level_files')
  const names = createCanary().expected.map(({ name }) => name)
  expect(names.filter((name) => metricsWithInstantRules.includes(name))).toEqual([])
})
