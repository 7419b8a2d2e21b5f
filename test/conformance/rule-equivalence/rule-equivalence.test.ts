import { areInstalled } from '@wombat/test-support/backend-programs'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { describe, expect, test } from 'vitest'
import { evaluateScenario } from './alert-manager-timeline.ts'
import { checkWithPromtool } from './promtool-check.ts'
import { createScenario } from './scenario.ts'

const scenarios = Array.from({ length: 260 }, (_, index) => createScenario(index + 1))

test('the scenarios are not idle: most have alerts that fire, many have some that only wait', () => {
  const timelines = scenarios.map((scenario) => evaluateScenario(scenario).flat())
  const with_ = (state: string) => timelines.filter((alerts) => alerts.some(({ alertstate }) => alertstate === state)).length
  expect(with_('firing')).toBeGreaterThan(scenarios.length / 2)
  expect(with_('pending')).toBeGreaterThan(scenarios.length / 3)
})

describe.skipIf(!areInstalled('promtool'))('one rule, two judges', () => {
  test(`Prometheus says of ${scenarios.length} random scenarios what we say, at every evaluation`, async () => {
    const judged = new Map(scenarios.map((scenario) => [scenario, evaluateScenario(scenario)]))
    expect(await checkWithPromtool(judged, await temporaryFolder())).toBe(undefined)
  }, 120_000)
})
