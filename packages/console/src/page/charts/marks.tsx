import { computed } from '@preact/signals'
import type { EventKind, TimelineEvent } from '../api/types.ts'
import { Icon } from '../components/icon.tsx'
import { useMenu } from '../components/use-menu.ts'
import { selectedStore } from '../data/stores.ts'
import { timeRange } from '../data/time-range.ts'
import { formatCount } from '../format/numbers.ts'
import { missedEvents, timelineEvents } from '../live/stream.ts'
import { setSharedParameters, sharedParameter } from '../router.ts'

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
  clock: { title: 'Clock set', color: '--series-8' },
}

const eventKinds = Object.keys(kinds) as readonly EventKind[]

/** Kinds that occur so often that their marks are only ticks at the top of a chart; the others cross it. */
export const frequentKinds: ReadonlySet<EventKind> = new Set([
  'flush',
  'compaction',
  'write_stall',
  'slow_operations',
  'event_loop_block',
  'notification',
])

/** Flushes and compactions are the daily work of an engine: too many to be marks unless they are wanted. */
const defaultKinds: readonly EventKind[] = eventKinds.filter(
  (kind) => !['flush', 'compaction', 'notification', 'silence'].includes(kind),
)

/** The kinds that are drawn on charts. */
export const shownKinds = computed<ReadonlySet<EventKind>>(() => {
  const chosen = sharedParameter('marks')
  if (chosen === undefined) return new Set(defaultKinds)
  return new Set(eventKinds.filter((kind) => chosen.split(',').includes(kind)))
})

/** The events that a range has, of the selected store and of the process. */
const eventsInRange = computed<readonly TimelineEvent[]>(() => {
  const { startMs, endMs } = timeRange.value
  const store = selectedStore.value
  return timelineEvents.value.filter(
    (event) =>
      !isQuietAlert(event) &&
      event.startMs <= endMs &&
      (event.endMs ?? event.startMs) >= startMs &&
      (store === undefined || event.store === undefined || event.store === store),
  )
})

/** Most alerts that are pending never fire. */
function isQuietAlert({ kind, details }: TimelineEvent): boolean {
  return kind === 'alert' && (details['to'] === 'pending' || details['to'] === 'inactive')
}

/** The events that are drawn on charts, by the time they began. */
export const marks = computed(() => eventsInRange.value.filter(({ kind }) => shownKinds.value.has(kind)))

function toggle(kind: EventKind): void {
  const shown = new Set(shownKinds.peek())
  if (!shown.delete(kind)) shown.add(kind)
  const isDefault = shown.size === defaultKinds.length && defaultKinds.every((one) => shown.has(one))
  const chosen = shown.size === 0 ? 'none' : eventKinds.filter((one) => shown.has(one)).join(',')
  setSharedParameters({ marks: isDefault ? undefined : chosen }, 'replace')
}

/** Switches the kinds of events that are drawn on charts. Kinds that do not occur in the range are not offered. */
export function MarksMenu() {
  const menu = useMenu()
  const counts = Map.groupBy(eventsInRange.value, ({ kind }) => kind)
  const offered = eventKinds.filter((kind) => counts.has(kind))
  const missed = missedEvents.value
  if (offered.length === 0 && missed === 0) return null
  return (
    <details class="menu" ref={menu}>
      <summary class="button" aria-label={`Marks: ${marks.value.length} events on all charts`}>
        <Icon name="flag" />
        <span class="not-on-phones">Marks</span> <span class="count">{marks.value.length}</span>
        {missed > 0 && <span class="muted wide-only">{missedText(missed)}</span>}
      </summary>
      <fieldset class="menu-content">
        <legend>Events drawn on all charts</legend>
        {offered.map((kind) => (
          <label key={kind}>
            <input type="checkbox" checked={shownKinds.value.has(kind)} onChange={() => toggle(kind)} />
            <span class="swatch" style={{ background: `var(${kinds[kind].color})` }} />
            {kinds[kind].title} <span class="count">{counts.get(kind)?.length}</span>
          </label>
        ))}
        {missed > 0 && <p class="menu-note">{missedText(missed)}</p>}
      </fieldset>
    </details>
  )
}

function missedText(missed: number): string {
  return `${formatCount(missed)} ${missed === 1 ? 'event was' : 'events were'} not kept`
}
