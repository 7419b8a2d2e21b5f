import { areInstalled } from '@wombat/test-support/backend-programs'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { describe, expect, test } from 'vitest'
import { evaluateScenario } from './alert-manager-timeline.ts'
import { checkWithPromtool } from './promtool-check.ts'
import { createScenario } from './scenario.ts'

const count = Number(process.env['RULE_SCENARIOS'] ?? 260)
const scenarios = Array.from({ length: count }, (_, index) => createScenario(index + 1))

test('most scenarios have firing alerts, and many have pending ones', () => {
  const timelines = scenarios.map((scenario) => evaluateScenario(scenario).flat())
  const countWith = (state: string) => timelines.filter((alerts) => alerts.some(({ alertstate }) => alertstate === state)).length
  expect(countWith('firing')).toBeGreaterThan(scenarios.length / 2)
  expect(countWith('pending')).toBeGreaterThan(scenarios.length / 3)
})

describe.skipIf(!areInstalled('promtool'))('promtool and AlertManager', () => {
  test(`have the same alerts at every evaluation of ${scenarios.length} random scenarios`, async () => {
    const evaluated = new Map(scenarios.map((scenario) => [scenario, evaluateScenario(scenario)]))
    expect(await checkWithPromtool(evaluated, await temporaryFolder())).toBe(undefined)
  }, 1_200_000)
})
