const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const minutes = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const day = new Intl.DateTimeFormat('en-US', { month: 'short', day: 'numeric' })
const full = new Intl.DateTimeFormat('en-US', {
  weekday: 'short',
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
  timeZoneName: 'short',
})

/** Formats the time of day in the reader's zone: `12:03:07`. */
export function formatClock(timeMs: number): string {
  return clock.format(timeMs)
}

/** Formats date and time with the zone: `Thu, Nov 27, 2026, 12:03:07 UTC`. */
export function formatFullTime(timeMs: number): string {
  return full.format(timeMs)
}

/** Formats the day and the time of day: `Nov 27 12:03`; only the time if it is within 12 hours of `nowMs`. */
export function formatShortTime(timeMs: number, nowMs: number): string {
  return Math.abs(nowMs - timeMs) < 12 * 3_600_000 ? clock.format(timeMs) : `${day.format(timeMs)} ${minutes.format(timeMs)}`
}

/** Formats how long ago a time was, roughly: `just now`, `40 s ago`, `3 h ago`, `in 5 min`. */
export function formatRelativeTime(timeMs: number, nowMs: number): string {
  const seconds = Math.round((nowMs - timeMs) / 1000)
  const size = Math.abs(seconds)
  if (size < 3) return 'just now'
  const text = formatRoughly(size)
  return seconds > 0 ? `${text} ago` : `in ${text}`
}

function formatRoughly(seconds: number): string {
  if (seconds < 90) return `${seconds} s`
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)} h`
  return `${Math.round(seconds / 86_400)} d`
}

/** Formats a tick of a time axis whose ticks are `stepSeconds` apart. Midnight is the date. */
export function formatTimeTick(timeMs: number, stepSeconds: number): string {
  const date = new Date(timeMs)
  const isMidnight = date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0
  if (isMidnight || stepSeconds >= 86_400) return day.format(timeMs)
  return stepSeconds < 60 ? clock.format(timeMs) : minutes.format(timeMs)
}

/** Formats a time as the value of an `<input type="datetime-local">`, in the reader's zone. */
export function toInputTime(timeMs: number): string {
  const offsetMs = new Date(timeMs).getTimezoneOffset() * 60_000
  return new Date(timeMs - offsetMs).toISOString().slice(0, 19)
}
