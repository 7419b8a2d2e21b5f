import type { EventKind, TimelineEvent } from '../api/types.ts'
import { isHealthStatus, statusOfSeverity } from '../components/status.tsx'

/** The kinds of events, as people call them, with the colors of their marks. */
export const kinds: Readonly<Record<EventKind, { readonly title: string; readonly color: string }>> = {
  flush: { title: 'Flushes', color: '--series-7' },
  compaction: { title: 'Compactions', color: '--series-5' },
  write_stall: { title: 'Write stalls', color: '--critical' },
  health_change: { title: 'Health changes', color: '--degraded' },
  alert: { title: 'Alerts', color: '--critical' },
  slow_operations: { title: 'Slow operations', color: '--unhealthy' },
  event_loop_block: { title: 'Event loop blocks', color: '--series-4' },
  store_opened: { title: 'Stores opened', color: '--accent' },
  store_closed: { title: 'Stores closed', color: '--muted' },
  settings: { title: 'Settings changed', color: '--series-1' },
  notification: { title: 'Notifications', color: '--muted' },
  silence: { title: 'Silences', color: '--muted' },
  process: { title: 'Processes', color: '--accent' },
  annotation: { title: 'What the application did', color: '--series-3' },
  audit: { title: 'Changes over HTTP', color: '--muted' },
  clock: { title: 'Clock set', color: '--series-8' },
}

/** All kinds, in the order in which they are offered. */
export const eventKinds = Object.keys(kinds) as readonly EventKind[]

/** Kinds that occur so often that their marks are only ticks at the top of a chart; the others cross it. */
export const frequentKinds: ReadonlySet<EventKind> = new Set([
  'flush',
  'compaction',
  'write_stall',
  'slow_operations',
  'event_loop_block',
  'notification',
])

/** Returns whether the name of an event stands on charts: of what the application said that it did. */
export function isLabeled({ kind }: Pick<TimelineEvent, 'kind'>): boolean {
  return kind === 'annotation'
}

/** Returns the color of an event among others in words: of a health change or an alert, how bad the new state is; else that of its kind. */
export function eventColor({ kind, severity, details }: Pick<TimelineEvent, 'kind' | 'severity' | 'details'>): string {
  const { to } = details
  if (kind === 'alert') return `--${to === 'firing' ? statusOfSeverity(severity) : 'healthy'}`
  return kind === 'health_change' && isHealthStatus(to) ? `--${to}` : kinds[kind].color
}

/** Flushes and compactions are the daily work of an engine: too many to be marks unless they are wanted. */
export const defaultKinds: readonly EventKind[] = eventKinds.filter(
  (kind) => !['flush', 'compaction', 'notification', 'silence', 'audit'].includes(kind),
)
