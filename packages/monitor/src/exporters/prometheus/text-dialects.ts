import { openMetricsName, type PageFamily } from './page-writer.ts'
import { escapeHelp, escapeValue } from './series-text.ts'

/** What differs between Prometheus' text format and OpenMetrics. */
export interface TextDialect {
  /** The lines before the resource; the last one is not ended. */
  readonly targetInfoHead: string
  /** Returns the lines before the series of a metric, each after a line break. */
  readonly head: (family: PageFamily) => string
  /** Returns for each bound, and for Infinity, what follows `le="` in the series of its bucket. */
  readonly boundEnds: (bounds: readonly number[]) => readonly string[]
  readonly hasExemplars: boolean
  /** Whether there are the times at which counting started. */
  readonly hasCreated: boolean
  /** The last line of a page. */
  readonly end: string
}

/** Prometheus' text format: 0.0.4, and 1.0.0, which differs only in names that no metric has. The lines are those of OpenTelemetry's serializer. */
export const prometheusDialect: TextDialect = {
  targetInfoHead: '# HELP target_info Target metadata\n# TYPE target_info gauge',
  head: once(({ name, help, unit, type }) => {
    const unitLine = unit === '' ? '' : `\n# UNIT ${name} ${escapeHelp(unit)}`
    return `\n# HELP ${name} ${escapeHelp(help)}${unitLine}\n# TYPE ${name} ${type}`
  }),
  boundEnds: once((bounds) => ends(bounds.map(String))),
  hasExemplars: false,
  hasCreated: false,
  end: '',
}

/** The words that end a name, by unit. */
const unitWords: Readonly<Record<string, string>> = { s: 'seconds', By: 'bytes' }

/** OpenMetrics 1.0.0, which is valid as 0.0.1, too. */
export const openMetricsDialect: TextDialect = {
  targetInfoHead: '# HELP target Target metadata\n# TYPE target info',
  head: once((family) => {
    const name = openMetricsName(family)
    const word = unitWords[family.unit]
    const unitLine = word !== undefined && name.endsWith(`_${word}`) ? `\n# UNIT ${name} ${word}` : ''
    return `\n# HELP ${name} ${escapeValue(family.help)}\n# TYPE ${name} ${family.type}${unitLine}`
  }),
  boundEnds: once((bounds) => ends(bounds.map(canonicalNumber))),
  hasExemplars: true,
  hasCreated: true,
  end: '# EOF\n',
}

/** The same without the times at which counting started. */
export const plainOpenMetricsDialect: TextDialect = { ...openMetricsDialect, hasCreated: false }

/**
 * Returns a bound in the form that OpenMetrics asks for, so that all exporters give a bucket the same label: `1.0`, `0.0001`, `1e-05`,
 * `1e+06`.
 */
export function canonicalNumber(value: number): string {
  const [digits = '', exponentText = ''] = value.toExponential().split('e')
  const exponent = Number(exponentText)
  if (exponent >= -4 && exponent < 6) return Number.isInteger(value) ? `${value}.0` : String(value)
  return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}

function ends(bounds: readonly string[]): string[] {
  return [...bounds, '+Inf'].map((bound) => `${bound}"} `)
}

/** Returns a function that calls another one once for each object, and keeps the result as long as the object. */
function once<Key extends object, Result>(create: (key: Key) => Result): (key: Key) => Result {
  const results = new WeakMap<Key, Result>()
  return (key) => {
    let result = results.get(key)
    if (result === undefined) {
      result = create(key)
      results.set(key, result)
    }
    return result
  }
}
