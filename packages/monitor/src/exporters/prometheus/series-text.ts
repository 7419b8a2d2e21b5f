import type { Labels } from '@wombat/instrumentation'
import { toName } from '../../collection/prometheus-metrics.ts'
import { openMetricsName, type PageFamily, type SeriesText } from './page-writer.ts'

/**
 * Creates the texts of a series before its numbers: they never change. Each begins with a line break, which ends the line before it: so a
 * line is put together from one piece less. Those of numbers that its kind does not have are empty.
 */
export function createSeriesText(family: PageFamily, labels: Labels): SeriesText {
  const { name, type } = family
  const inner = innerText(labels)
  const braces = inBraces(inner)
  const created = type === 'gauge' ? '' : flat(`\n${openMetricsName(family)}_created${braces} `)
  if (type !== 'histogram') return { value: flat(`\n${name}${braces} `), count: '', sum: '', bucket: '', created }
  return {
    value: '',
    count: flat(`\n${name}_count${braces} `),
    sum: flat(`\n${name}_sum${braces} `),
    bucket: flat(`\n${name}_bucket{${inner}${inner === '' ? '' : ','}le="`),
    created,
  }
}

/** Returns labels in braces; nothing if there are none. */
export function labelsText(labels: Labels): string {
  return inBraces(innerText(labels))
}

/** Returns a description as it is escaped in the text format. */
export function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}

/** Returns the value of a label as it is escaped. */
export function escapeValue(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"')
}

/** Returns a number as OpenTelemetry's serializer writes it. */
export function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : `${value}`
}

function inBraces(inner: string): string {
  return inner === '' ? '' : `{${inner}}`
}

function innerText(labels: Labels): string {
  return Object.entries(labels)
    .map(([key, value]) => `${toName(key)}="${escapeValue(value)}"`)
    .join(',')
}

/** Returns a text in one piece: V8 keeps the pieces of one that was put together, which take more memory. */
function flat(text: string): string {
  return Buffer.from(text).toString()
}
