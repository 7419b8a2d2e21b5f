import { kinds } from '../../charts/event-kinds.ts'
import { selectNotable } from '../../charts/notable-events.ts'
import { Card } from '../../components/card.tsx'
import { TimeText } from '../../components/time-text.tsx'
import { timelineEvents } from '../../live/stream.ts'
import { linkTo } from '../../router.ts'

const maxEvents = 12

/** What happened last, without what happens all the time. */
export function RecentEvents() {
  const events = selectNotable(timelineEvents.value).slice(-maxEvents).reverse()
  if (events.length === 0) return null
  return (
    <Card title="What happened last">
      <ol class="recent-events">
        {events.map(({ key, kind, startMs, store, title }) => (
          <li key={key}>
            <span class="muted">
              <TimeText timeMs={startMs} />
            </span>
            <span>
              <span class="swatch" style={{ background: `var(${kinds[kind].color})` }} title={kinds[kind].title} />{' '}
              {store !== undefined && <a href={linkTo('operations', { store })}>{store}</a>} {title}
            </span>
          </li>
        ))}
      </ol>
    </Card>
  )
}
