import { formatNonFinite } from './numbers.ts'

const significant = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 })

const longUnits = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
] as const

/** Formats a duration in the unit that fits it: `340 µs`, `1.2 ms`, `4.5 s`, `3 h 12 min`. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return formatNonFinite(seconds)
  const size = Math.abs(seconds)
  if (size === 0) return '0 s'
  if (size < 0.9995e-6) return `${significant.format(seconds * 1e9)} ns`
  if (size < 0.9995e-3) return `${significant.format(seconds * 1e6)} µs`
  if (size < 0.9995) return `${significant.format(seconds * 1e3)} ms`
  if (size < 59.95) return `${significant.format(seconds)} s`
  return (seconds < 0 ? '−' : '') + formatLong(Math.round(size))
}

/** Formats a time from a minute on with its two largest units. */
function formatLong(seconds: number): string {
  const first = longUnits.findIndex(([, length]) => seconds >= length)
  const [unit, length] = longUnits[first] ?? ['s', 1]
  const [nextUnit, nextLength] = longUnits[first + 1] ?? ['s', 1]
  const rest = Math.floor((seconds % length) / nextLength)
  const whole = `${Math.floor(seconds / length).toLocaleString('en-US')} ${unit}`
  return rest === 0 || unit === nextUnit ? whole : `${whole} ${rest} ${nextUnit}`
}

/** Formats a duration as the parameters of the API take it: `90s` is `90s`, an hour is `1h`. */
export function toParameterDuration(milliseconds: number): string {
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const
  const fitting = units.find(([, length]) => milliseconds >= length && milliseconds % length === 0)
  return fitting === undefined ? `${milliseconds}ms` : `${milliseconds / fitting[1]}${fitting[0]}`
}

/** Parses a duration such as `15m` or `1h`, in milliseconds; undefined if it is none. */
export function parseParameterDuration(text: string): number | undefined {
  const lengths: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
  const [, count, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) ?? []
  const length = lengths[unit]
  return count === undefined || length === undefined ? undefined : Number(count) * length
}
