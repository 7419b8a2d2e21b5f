import type { Alert } from '../manager.ts'
import { parseHttpUrl } from './address-guard.ts'
import type { AlertGroup } from './notifier.ts'

/** How many alerts one message lists. */
const maxListed = 20

/** What a message about a group of alerts says. */
export interface GroupMessage {
  /** `[FIRING: 2] StoreStalled`. */
  readonly title: string
  /** One for each alert, with its summary, and one for those that are left out. */
  readonly lines: readonly string[]
  /** The worst severity of the alerts that fire; undefined if none does. */
  readonly severity: string | undefined
  /** URL of the runbook of the rule; undefined if it has none. */
  readonly link: string | undefined
}

/** Returns what a message about a group of alerts says. */
export function describeGroup(group: AlertGroup): GroupMessage {
  const [first] = [...group.firing, ...group.resolved]
  const link = first && runbookLink(first)
  return { title: groupTitle(group), lines: groupLines(group), severity: worstSeverity(group), link }
}

const colors: Readonly<Record<string, number>> = { emergency: 0xa30200, critical: 0xa30200, warning: 0xdaa038, info: 0x439fe0 }
const resolvedColor = 0x2eb886

/** Returns the color of a message, as 0xRRGGBB; that of resolved alerts if the severity is undefined. */
export function severityColor(severity: string | undefined): number {
  return colors[severity ?? ''] ?? resolvedColor
}

function groupTitle({ rule, firing, resolved }: AlertGroup): string {
  return firing.length > 0 ? `[FIRING: ${firing.length}] ${rule}` : `[RESOLVED: ${resolved.length}] ${rule}`
}

function groupLines({ firing, resolved }: AlertGroup): string[] {
  const lines = [
    ...firing.map((alert) => `• ${alertSummary(alert)}`),
    ...resolved.map((alert) => `• resolved: ${alertSummary(alert)}`),
  ]
  const left = lines.length - maxListed
  return left > 0 ? [...lines.slice(0, maxListed), `… and ${left} more`] : lines
}

/** Returns the summary of an alert, or its labels if it has none. */
export function alertSummary({ annotations, labels, rule }: Alert): string {
  const text = Object.entries(labels).flatMap(([key, value]) => (key === 'alertname' ? [] : [`${key}=${value}`]))
  return annotations['summary'] ?? `${rule} (${text.join(', ')})`
}

function worstSeverity({ firing }: AlertGroup): string | undefined {
  const order = ['info', 'warning', 'critical', 'emergency']
  const severities = firing.map(({ labels }) => labels['severity'] ?? 'info')
  return severities.sort((one, other) => order.indexOf(other) - order.indexOf(one))[0]
}

/**
 * Returns the URL of the runbook of an alert; undefined if it has none. A template may have put any value of a label into it: neither what
 * ends a link in a message remains, nor a URL that runs something.
 */
export function runbookLink({ annotations }: Alert): string | undefined {
  return parseHttpUrl(annotations['runbook_url'] ?? '')?.href.replaceAll('|', '%7C')
}

/** Returns a text of at most `length` characters. */
export function truncate(text: string, length: number): string {
  if (text.length <= length) return text
  return `${text.slice(0, length - 1).toWellFormed()}…`
}
