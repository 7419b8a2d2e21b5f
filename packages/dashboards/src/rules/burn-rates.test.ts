import { expect, test } from 'vitest'
import { burnRateGroups } from './burn-rates.ts'
import { ruleFiles } from './default-rule-files.ts'
import type { Objectives } from './objectives.ts'
import { recordingGroups } from './recording-rules.ts'

const recordedNames = new Set(
  recordingGroups().flatMap(({ rules }) => rules.flatMap((rule) => ('record' in rule ? rule.record : []))),
)

test('alerts use recorded series only', () => {
  const usedNames = burnRateGroups().flatMap(({ rules }) => rules.flatMap(({ expr }) => expr.match(/[\w]+:[\w:]+/g) ?? []))
  expect(usedNames.length).toBeGreaterThan(0)
  expect(usedNames.filter((name) => !recordedNames.has(name))).toEqual([])
})

test('objectives and the latency limit can be set', () => {
  const objectives = { availability: 0.99, latency: 0.95, latencySeconds: 0.025, minimumOperations: 1000 }
  const files = ruleFiles({ objectives })
  expect(files['wombat-slo.yaml']).toContain('service_store:db_errors:ratio_rate1h > 14.4 * 0.01 ')
  expect(files['wombat-slo.yaml']).toContain('service_store:db_latency_seconds_slow:ratio_rate3d > 1 * 0.05 ')
  expect(files['wombat-slo.yaml']).toContain('service_store:db_operations:rate1h * 3600 >= 1000')
  expect(files['wombat-slo.yaml']).toContain('take longer than 0.025 s')
  expect(files['wombat-recording.yaml']).toContain('db_set_latency_seconds_bucket{le="0.025"}')
})

test.each<[string, Objectives, RegExp]>([
  ['an objective without a budget', { availability: 1 }, /availability must be between 0\.9306 and 1, both excluded, got 1/],
  ['a budget that cannot burn fast enough', { latency: 0.9 }, /latency must be between 0\.9306 and 1, both excluded, got 0\.9/],
  ['a percentage instead of a share', { availability: 99.9 }, /availability must be between .*, got 99\.9/],
  ['NaN', { availability: Number.NaN }, /got NaN/],
  [
    'a latency limit that is not a bucket bound',
    { latencySeconds: 0.2 },
    /latencySeconds must be a bucket bound of the latency histograms .*, got 0\.2/,
  ],
  ['a minimum of zero operations', { minimumOperations: 0 }, /minimumOperations must be a whole number of 1 or more, got 0/],
])('%s is rejected', (_title, objectives, message) => {
  expect(() => ruleFiles({ objectives })).toThrow(message)
})
