import { type AlertRule, defaultRules } from '@wombat/monitor'
import { alertGroup } from './alert-rules.ts'
import { burnRateGroups } from './burn-rates.ts'
import { fleetGroup } from './fleet-rules.ts'
import type { Objectives } from './objectives.ts'
import { recordingGroups } from './recording-rules.ts'
import { ruleFile } from './rule-file.ts'

/** Options of {@link ruleFiles}. */
export interface RuleFileOptions {
  /** Alert rules (default: `defaultRules` of `@wombat/monitor`). */
  readonly rules?: readonly AlertRule[]
  /** Service level objectives; each missing one has its default. */
  readonly objectives?: Objectives
  /** URL where you publish RUNBOOK.md of `@wombat/monitor`; alerts link to its sections. */
  readonly runbookUrl?: string
}

/**
 * Returns the rule files for Prometheus, vmalert or Mimir, by file name: alerts, alerts on instances, recording rules and error
 * budget alerts.
 *
 * @throws TypeError if a rule has no Prometheus equivalent or if two rules have the same name.
 * @throws RangeError if an objective is out of range.
 * @example
 * ```js
 * import { ruleFiles } from '@wombat/dashboards'
 *
 * const files = ruleFiles({ objectives: { availability: 0.9995 }, runbookUrl: 'https://wiki.example/runbook' })
 * console.log(Object.keys(files)) // [ 'wombat-alerts.yaml', 'wombat-fleet.yaml', 'wombat-recording.yaml', 'wombat-slo.yaml' ]
 * ```
 */
export function ruleFiles({
  rules = defaultRules,
  objectives,
  runbookUrl,
}: RuleFileOptions = {}): Readonly<Record<string, string>> {
  return {
    'wombat-alerts.yaml': ruleFile([alertGroup(rules, runbookUrl)]),
    'wombat-fleet.yaml': ruleFile([fleetGroup(runbookUrl)]),
    'wombat-recording.yaml': ruleFile(recordingGroups(objectives)),
    'wombat-slo.yaml': ruleFile(burnRateGroups(objectives, runbookUrl)),
  }
}
