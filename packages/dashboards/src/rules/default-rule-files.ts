import { type AlertRule, defaultRules } from '@wombat/monitor'
import { burnRateGroups } from './burn-rates.ts'
import type { Objectives } from './objectives.ts'
import { recordingGroups } from './recording-rules.ts'
import { alertGroup, ruleFile } from './rule-file.ts'

export interface RuleFileOptions {
  /** Default: the rules that the monitor judges by default. */
  readonly rules?: readonly AlertRule[]
  readonly objectives?: Objectives
  /** Where you publish the runbook; its sections are called as the rules are. */
  readonly runbookUrl?: string
}

/** Everything that Prometheus is to evaluate, by the name of its file. */
export function ruleFiles({
  rules = defaultRules,
  objectives,
  runbookUrl,
}: RuleFileOptions = {}): Readonly<Record<string, string>> {
  return {
    'wombat-alerts.yaml': ruleFile([alertGroup(rules, runbookUrl)]),
    'wombat-recording.yaml': ruleFile(recordingGroups(objectives)),
    'wombat-slo.yaml': ruleFile(burnRateGroups(objectives, runbookUrl)),
  }
}
