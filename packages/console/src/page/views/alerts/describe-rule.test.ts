import { expect, test } from 'vitest'
import type { RuleState } from '../../api/types.ts'
import { describeRule } from './describe-rule.ts'

function rule(fields: Partial<RuleState>): RuleState {
  return {
    name: 'Test',
    rule: 'Test',
    condition: 'metric_above',
    metric: 'db_level_files',
    severity: 'warning',
    state: 'inactive',
    alerts: 0,
    hasMatched: true,
    ...fields,
  }
}

test('a rule is described with its labels, its duration and when it resolves', () => {
  const levels = rule({ where: { level: '0' }, threshold: 10, clearThreshold: 6, durationMs: 120_000, unit: '{file}' })
  expect(describeRule(levels)).toBe('db_level_files{level="0"} is above 10, for 2 min, until it is below 6')
})

test('a ratio is percent, a quantile has its unit', () => {
  expect(
    describeRule(
      rule({ condition: 'ratio_above', metric: 'errors', of: 'operations', threshold: 0.05, unit: '1', durationMs: 0 }),
    ),
  ).toBe('The rate of errors divided by that of operations over 5 min is above 5 %')
  expect(
    describeRule(
      rule({
        condition: 'quantile_above',
        metric: 'latency',
        quantile: 0.99,
        threshold: 0.1,
        unit: 's',
        onlyIf: { condition: 'rate_above', metric: 'operations', threshold: 1 },
      }),
    ),
  ).toBe('The P99 of latency over 5 min is above 100 ms, while the rate of operations over 5 min is above 1')
})

test('a forecast and a missing metric are described', () => {
  expect(
    describeRule(
      rule({
        condition: 'forecast_below',
        metric: 'available',
        aheadMs: 14_400_000,
        windowMs: 3_600_000,
        threshold: 0,
        unit: 'By',
      }),
    ),
  ).toBe('available in 4 h, if it goes on as in the last 1 h, is below 0 B')
  expect(describeRule(rule({ condition: 'metric_absent', metric: 'db_store_info' }))).toBe(
    'No series of db_store_info has a value',
  )
})
