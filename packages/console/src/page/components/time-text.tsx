import { signal } from '@preact/signals'
import { serverNowMs } from '../api/client.ts'
import { formatFullTime, formatRelativeTime, formatShortTime } from '../format/times.ts'

/** One clock for all relative times of the page. */
const clock = signal(serverNowMs())
setInterval(() => {
  if (document.visibilityState === 'visible') clock.value = serverNowMs()
}, 5000)

/** A time as people say it, with the full date and zone as its title. `clock` shows the time of day instead of how long ago it was. */
export function TimeText({ timeMs, as = 'relative' }: { readonly timeMs: number; readonly as?: 'relative' | 'clock' }) {
  // What was shown just now is not in the future, although the clock here ticks every 5 s.
  const nowMs = Math.max(clock.value, as === 'relative' && timeMs - clock.value < 6000 ? timeMs : 0)
  return (
    <time dateTime={new Date(timeMs).toISOString()} title={formatFullTime(timeMs)}>
      {as === 'relative' ? formatRelativeTime(timeMs, nowMs) : formatShortTime(timeMs, nowMs)}
    </time>
  )
}
