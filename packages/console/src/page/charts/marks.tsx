import { computed } from '@preact/signals'
import type { EventKind, TimelineEvent } from '../api/types.ts'
import { Icon } from '../components/icon.tsx'
import { useMenu } from '../components/use-menu.ts'
import { selectedStore } from '../data/stores.ts'
import { timeRange } from '../data/time-range.ts'
import { formatCount } from '../format/numbers.ts'
import { missedEvents, timelineEvents } from '../live/stream.ts'
import { setSharedParameters, sharedParameter } from '../router.ts'
import { defaultKinds, eventKinds, isLabeled, kinds } from './event-kinds.ts'
import { isQuietAlert } from './notable-events.ts'

/** The kinds that are drawn on charts. */
const shownKinds = computed<ReadonlySet<EventKind>>(() => {
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

/** The events that are drawn on charts, by the time they began. */
export const marks = computed(() => eventsInRange.value.filter(({ kind }) => shownKinds.value.has(kind)))

/** Whether names stand above the charts. */
export const hasMarkLabels = computed(() => marks.value.some(isLabeled))

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
