import { installed } from '@wombat/test-support/backend-programs'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { describe, expect, test } from 'vitest'
import { ourTimeline } from './alert-manager-timeline.ts'
import { disagreement } from './promtool-check.ts'
import { scenarioFor } from './scenario.ts'

const scenarios = Array.from({ length: 260 }, (_, index) => scenarioFor(index + 1))

test('the scenarios are not idle: most have alerts that fire, many have some that only wait', () => {
  const timelines = scenarios.map((scenario) => ourTimeline(scenario).flat())
  const with_ = (state: string) => timelines.filter((alerts) => alerts.some(({ alertstate }) => alertstate === state)).length
  expect(with_('firing')).toBeGreaterThan(scenarios.length / 2)
  expect(with_('pending')).toBeGreaterThan(scenarios.length / 3)
})

describe.skipIf(!installed('promtool'))('one rule, two judges', () => {
  test(`Prometheus says of ${scenarios.length} random scenarios what we say, at every evaluation`, async () => {
    const judged = new Map(scenarios.map((scenario) => [scenario, ourTimeline(scenario)]))
    expect(await disagreement(judged, await temporaryFolder())).toBe(undefined)
  }, 120_000)
})
