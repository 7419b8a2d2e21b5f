import { inspect } from 'node:util'
import { closest, distance } from 'fastest-levenshtein'
import type { z } from 'zod'

/** What is wrong with a value: its name, what is allowed, what was got and, where it helps, what it is for. */
export function formatIssue(name: string, schema: z.ZodType, got: unknown, description?: string): string {
  return `${name} must be ${schema.description ?? 'of its type'}, got ${describeValue(got)}${description === undefined ? '' : `: ${description}`}`
}

/** Objects are named, not shown: they may hold secrets, or themselves. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' && value !== null ? 'an object' : inspect(value)
}

/** For what is to be an object and may be an address or a header with a secret in it instead: text is named, too. */
export function describeKind(value: unknown): string {
  return typeof value === 'string' ? 'text' : describeValue(value)
}

/** For what holds no secret, a rule or a setting: objects as JSON, as much of it as fits into a line. */
export function describeContent(value: unknown): string {
  if (typeof value !== 'object' && typeof value !== 'string') return describeValue(value)
  try {
    return JSON.stringify(value).slice(0, 200)
  } catch {
    return describeValue(value)
  }
}

/** The known name that a wrong one may have been meant for; nothing where none is near. */
export function suggest(name: string, known: readonly string[]): string {
  const guess = closest(name, known)
  return distance(name, guess) <= Math.max(3, name.length / 3) ? `: did you mean ${guess}?` : ''
}
