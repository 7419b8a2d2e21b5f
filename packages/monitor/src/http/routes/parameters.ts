import { formatIssue, suggest } from '../../validation/format-issue.ts'
import { findInvalidFields, type Schema, type Shape, type ValueOf } from '../../validation/schema.ts'

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** Parses a duration as PromQL writes it, such as `5m`, into milliseconds. */
export function duration(description: string, minMs = 0): Schema<number> {
  return {
    type: 'string',
    description,
    parse(value) {
      const [, count, unit] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(String(value)) ?? []
      const timeMs = Number(count) * unitMs[unit as keyof typeof unitMs]
      return timeMs >= minMs ? { value: timeMs } : undefined
    },
  }
}

/** Parses a number of which `isValid` is true. */
export function numeric(description: string, isValid: (value: number) => boolean): Schema<number> {
  return {
    type: 'number',
    description,
    parse(text) {
      const value = text === undefined ? Number.NaN : Number(text)
      return Number.isFinite(value) && isValid(value) ? { value } : undefined
    },
  }
}

/** A time that may be relative to now. */
export type Moment = (nowMs: number) => number

/** Parses a Unix time in milliseconds, `now`, or a time before now such as `-1h`. */
export function moment(): Schema<Moment> {
  const age = duration('')
  const unixTime = numeric('', (value) => value > 0)
  return {
    type: 'string',
    description: 'a Unix time in milliseconds, now, or a time before now such as -30s, -15m or -1h',
    parse(given) {
      const text = String(given)
      if (text === 'now') return { value: (nowMs) => nowMs }
      if (text.startsWith('-')) {
        const ago = age.parse(text.slice(1))
        return ago && { value: (nowMs) => nowMs - ago.value }
      }
      const time = unixTime.parse(given)
      return time && { value: () => time.value }
    },
  }
}

/** Returns the default if the parameter is not given. */
export function withDefault<Value>(schema: Schema<Value>, value: NoInfer<Value>): Schema<Value> {
  return { ...schema, parse: (text) => (text === undefined ? { value } : schema.parse(text)) }
}

/** The values of the parameters. */
export type ParametersOf<Parameters extends Shape> = { readonly [Name in keyof Parameters]: ValueOf<Parameters[Name]> }

/** The parameters of a request, or the problem of the first one that is not valid. */
export type QueryParameters<Parameters> = { readonly parameters: Parameters } | { readonly error: string }

/**
 * Parses the parameters of a request.
 *
 * @param others parameters that exist beside those of the shape, for the error that lists all of them.
 */
export function parseParameters<Parameters extends Shape>(
  shape: Parameters,
  query: Readonly<Record<string, string>>,
  others: readonly string[] = [],
): QueryParameters<ParametersOf<Parameters>> {
  const {
    invalid: [invalid],
    unknown,
  } = findInvalidFields(shape, query)
  if (invalid !== undefined) {
    const schema = shape[invalid] as Schema<unknown>
    const got = query[invalid] ?? 'nothing'
    return { error: `${formatIssue(invalid, schema, got)}${suggest(got, schema.words ?? [])}` }
  }
  const [unknownName] = unknown
  if (unknownName !== undefined) {
    const known = [...Object.keys(shape), ...others]
    return { error: `${unknownName}: unknown parameter${suggest(unknownName, known)}; the parameters are ${known.join(', ')}` }
  }
  const values = Object.entries(shape).map(([name, schema]) => [name, schema.parse(query[name])?.value])
  return { parameters: Object.fromEntries(values) }
}
