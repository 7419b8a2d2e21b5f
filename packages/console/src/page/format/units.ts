import { formatBytes } from './bytes.ts'
import { formatDuration } from './durations.ts'
import { formatNumber, formatRate, formatShare } from './numbers.ts'

/**
 * Formats a value with its UCUM unit as people write it: `s` as a duration, `By` as a size, `1` and `{ratio}` as a number, `%` as a share
 * of 0 to 1, `{operation}` as a number alone. `/s` behind a unit makes it a rate: `By/s` is `1.2 MiB/s`, `{operation}/s` is `1,240 /s`,
 * and `s/s`, the time used in each second, is a share.
 */
export function formatValue(value: number, unit = ''): string {
  switch (unit) {
    case 's':
      return formatDuration(value)
    case 'By':
      return formatBytes(value)
    case 'ms':
      return formatDuration(value / 1000)
    case 'By/s':
      return `${formatBytes(value)}/s`
    case '%':
    case 's/s':
      return formatShare(value)
    default:
      if (unit.endsWith('/s')) return formatRate(value)
      return unit === '' || unit === '1' || unit.startsWith('{') ? formatNumber(value) : `${formatNumber(value)} ${unit}`
  }
}

/** Returns whether values of a unit are whole: `{operation}`, but neither its rate nor a ratio. */
export function isCounted(unit: string): boolean {
  return unit.startsWith('{') && unit.endsWith('}') && unit !== '{ratio}'
}

/** Returns the unit that a query function makes of a metric's unit. */
export function unitOf(metricUnit: string | undefined, queryFunction: string): string {
  const unit = metricUnit ?? ''
  return queryFunction === 'rate' ? `${unit}/s` : unit
}

/** Returns a unit as a word, for the heading of a table or an axis: `seconds`, `bytes`, `operations`; empty if there is nothing to say. */
export function unitName(unit: string): string {
  const names: Readonly<Record<string, string>> = { s: 'seconds', By: 'bytes', 'By/s': 'bytes per second', '%': 'percent' }
  if (names[unit] !== undefined) return names[unit]
  const annotation = /^\{(.+)\}(\/s)?$/.exec(unit)
  if (annotation === null) return ''
  return `${plural(annotation[1] ?? '')}${annotation[2] === undefined ? '' : ' per second'}`
}

/** Returns the plural of a unit: `entries`, `statuses`, `operations`. */
function plural(word: string): string {
  if (/[^aeiou]y$/.test(word)) return `${word.slice(0, -1)}ies`
  return /(?:s|x|ch)$/.test(word) ? `${word}es` : `${word}s`
}
