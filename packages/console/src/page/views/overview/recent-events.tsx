import { eventColor, kinds } from '../../charts/event-kinds.ts'
import { groupLast, selectNotable } from '../../charts/notable-events.ts'
import { Card } from '../../components/card.tsx'
import { TimeText } from '../../components/time-text.tsx'
import { timelineEvents } from '../../live/stream.ts'
import { linkTo } from '../../router.ts'

const maxLines = 12
const maxStores = 3

/** What happened last, without what happens all the time. */
export function RecentEvents() {
  const groups = groupLast(selectNotable(timelineEvents.value), maxLines)
  if (groups.length === 0) return null
  return (
    <Card title="What happened last">
      <ol class="recent-events">
        {groups.map(({ last, count, stores }) => (
          <li key={last.key}>
            <span class="muted">
              <TimeText timeMs={last.startMs} />
            </span>
            <span>
              <span class="swatch" style={{ background: `var(${eventColor(last)})` }} title={kinds[last.kind].title} />{' '}
              {stores.slice(0, maxStores).map((store) => (
                <span key={store}>
                  <a href={linkTo('operations', { store })}>{store}</a>{' '}
                </span>
              ))}
              {stores.length > maxStores &&
                `and ${stores.length - maxStores} ${stores.length === maxStores + 1 ? 'other' : 'others'}: `}
              {last.title}
              {count > Math.max(1, stores.length) && <span class="muted"> ({count} times)</span>}
            </span>
          </li>
        ))}
      </ol>
    </Card>
  )
}
