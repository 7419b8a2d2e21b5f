import type { AlertRule } from '@wombat/monitor'
import { stringify } from 'yaml'
import { type PrometheusRule, prometheusRule } from './alert-rules.ts'
import type { RuleGroup } from './rule-group.ts'

/** Groups as a rule file, for Prometheus, vmalert and Mimir alike. */
export function ruleFile(groups: readonly RuleGroup[]): string {
  const written = 'Written by wombat-dashboards. Write it anew instead of changing it here.'
  return `# ${written}\n${stringify({ groups }, { lineWidth: 0, aliasDuplicateObjects: false })}`
}

/** Where the runbook that a rule names by section is to be read. */
export const shippedRunbook = '@wombat/monitor/RUNBOOK.md'

/**
 * Alert rules of ours as one group. A rule that names a section of the runbook gets a link to it: `runbookUrl` says where you
 * publish that file.
 *
 * @throws TypeError for a rule that Prometheus cannot keep to, and for two of the same name.
 */
export function alertGroup(rules: readonly AlertRule[], runbookUrl = shippedRunbook, name = 'wombat-alerts'): RuleGroup {
  const names = new Set<string>()
  for (const rule of rules) {
    if (names.has(rule.name)) throw new TypeError(`two rules are called ${rule.name}: nobody could tell their alerts apart`)
    names.add(rule.name)
  }
  return { name, interval: '30s', rules: rules.map((rule) => withRunbook(prometheusRule(rule), runbookUrl)) }
}

function withRunbook({ annotations = {}, ...rule }: PrometheusRule, runbookUrl: string): PrometheusRule {
  const { runbook, ...others } = annotations
  const isShipped = runbook !== undefined && others['runbook_url'] === undefined && runbook.startsWith(`${shippedRunbook}#`)
  const all = isShipped ? { ...others, runbook_url: runbook.replace(shippedRunbook, runbookUrl) } : annotations
  return { ...rule, ...(Object.keys(all).length > 0 && { annotations: all }) }
}
