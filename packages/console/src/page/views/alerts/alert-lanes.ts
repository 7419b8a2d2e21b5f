import type { AlertState, AlertTransition, Labels, TimelineEvent } from '../../api/types.ts'
import type { TimelineInterval, TimelineLane } from '../../charts/timeline.tsx'

/** A change of one alert. */
export interface AlertChange {
  readonly timeMs: number
  readonly rule: string
  readonly labels: Labels
  readonly from: string
  readonly to: string
}

/** Returns a text that is the same for equal alerts. */
export function alertKey({ rule, labels }: Pick<AlertChange, 'rule' | 'labels'>): string {
  return JSON.stringify([rule, Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))])
}

/** Returns the labels that tell the alerts of a rule apart. */
export function ownLabels({ alertname: _name, severity: _severity, ...labels }: Labels): Labels {
  return labels
}

/** Returns an alert as a short text: the rule, and the values of its labels. A number follows the name of its label: alone, it says nothing. */
export function alertTitle({ rule, labels }: Pick<AlertChange, 'rule' | 'labels'>): string {
  const words = Object.entries(ownLabels(labels)).map(([label, value]) => (/^\d+$/.test(value) ? `${label} ${value}` : value))
  return [rule, ...words].join(' ')
}

/** Joins the transitions of an answer with the events of the timeline, oldest first. Both have most of them. */
export function mergeAlertChanges(
  transitions: readonly AlertTransition[],
  events: readonly TimelineEvent[],
): readonly AlertChange[] {
  const all = [
    ...transitions.map(({ atMs, from, to, alert: { rule, labels } }): AlertChange => ({ timeMs: atMs, rule, labels, from, to })),
    ...events.map(toChange).filter((change) => change !== undefined),
  ]
  const unique = new Map(all.map((change) => [`${alertKey(change)} ${Math.round(change.timeMs)} ${change.to}`, change]))
  return [...unique.values()].sort((a, b) => a.timeMs - b.timeMs)
}

function toChange({ kind, startMs, details }: TimelineEvent): AlertChange | undefined {
  const { rule, from, to, labels } = details
  if (kind !== 'alert' || typeof rule !== 'string' || typeof labels !== 'object' || labels === null) return undefined
  return { timeMs: startMs, rule, labels: labels as Labels, from: String(from), to: String(to) }
}

const colors: Readonly<Record<string, string>> = {
  emergency: '--critical',
  critical: '--critical',
  warning: '--degraded',
  info: '--series-1',
}

/**
 * Returns a lane for each alert that was pending or fired in a range: those that fire now first, then those that changed last. Before its
 * first known change, and back to `knownSinceMs`, an alert had the state that it changed from.
 */
export function alertLanes(
  alerts: readonly AlertState[],
  changes: readonly AlertChange[],
  { startMs, endMs, knownSinceMs }: { readonly startMs: number; readonly endMs: number; readonly knownSinceMs: number },
): readonly (TimelineLane & { readonly rule: string })[] {
  const byAlert = new Map(Map.groupBy(changes, alertKey))
  // An alert whose changes are no longer known is known by its state.
  for (const { rule, labels, state } of alerts) {
    const key = alertKey({ rule, labels })
    if (byAlert.has(key) || state.name === 'resolved') continue
    const change = { rule, labels, from: 'inactive' }
    byAlert.set(key, [
      { ...change, timeMs: state.activeAtMs, to: 'pending' },
      ...(state.firedAtMs === undefined ? [] : [{ ...change, timeMs: state.firedAtMs, to: 'firing' }]),
    ])
  }
  return [...byAlert]
    .flatMap(([key, [first, ...rest]]) => {
      if (first === undefined) return []
      const intervals = toIntervals([first, ...rest], knownSinceMs).filter(
        (one) => one.startMs <= endMs && (one.endMs ?? endMs) >= startMs,
      )
      const last = rest.at(-1) ?? first
      return intervals.length === 0 ? [] : [{ key, label: alertTitle(first), rule: first.rule, intervals, last }]
    })
    .sort((a, b) => rank(b.last.to) - rank(a.last.to) || b.last.timeMs - a.last.timeMs)
    .map(({ last: _, ...lane }) => lane)
}

function rank(state: string): number {
  return ['pending', 'firing'].indexOf(state)
}

function toIntervals(changes: readonly [AlertChange, ...AlertChange[]], knownSinceMs: number): readonly TimelineInterval[] {
  const [first] = changes
  const states = [
    ...(isLive(first.from) && first.timeMs > knownSinceMs ? [{ ...first, timeMs: knownSinceMs, to: first.from }] : []),
    ...changes,
  ]
  return states.flatMap(({ timeMs, to, labels }, index): TimelineInterval[] => {
    if (!isLive(to)) return []
    return [
      {
        key: `${timeMs} ${to}`,
        startMs: timeMs,
        endMs: states[index + 1]?.timeMs,
        title: to,
        color: colors[labels['severity'] ?? ''] ?? '--degraded',
        ...(to === 'pending' && { isLight: true, height: 0.5 }),
      },
    ]
  })
}

function isLive(state: string): boolean {
  return state === 'pending' || state === 'firing'
}
