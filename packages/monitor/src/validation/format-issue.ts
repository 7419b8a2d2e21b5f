import { inspect } from 'node:util'
import { closest, distance } from 'fastest-levenshtein'

/** Returns the problem of a value as one sentence: the name, what is allowed, the value, and optionally its purpose. */
export function formatIssue(
  name: string,
  schema: { readonly description?: string | undefined },
  got: unknown,
  description?: string,
): string {
  const purpose = description === undefined ? '' : `: ${description}`
  return `${name} must be ${schema.description ?? 'of its type'}, got ${describeValue(got)}${purpose}`
}

/** Describes a value. Objects are not shown, because they may contain secrets or themselves. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' && value !== null ? 'an object' : inspect(value)
}

/** Describes a value that should be an object. Text is not shown either: it may be a URL or a header with a secret. */
export function describeKind(value: unknown): string {
  return typeof value === 'string' ? 'text' : describeValue(value)
}

/** Describes a value that contains no secrets, such as a rule: objects as JSON, cut after 200 characters. */
export function describeContent(value: unknown): string {
  if (typeof value !== 'object' && typeof value !== 'string') return describeValue(value)
  try {
    return JSON.stringify(value).slice(0, 200)
  } catch {
    return describeValue(value)
  }
}

/** Describes only the type of a value, which may be a secret. */
export function describeType(value: unknown): string {
  if (value === null || value === undefined || typeof value === 'boolean') return String(value)
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'string' ? 'text' : typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** Problems of one kind that an error lists. */
const maxListed = 10

/** Describes the first items, and says how many more there are: a client can send thousands, and to describe one takes a while. */
export function describeFirst(items: readonly string[], describe: (item: string) => string): string[] {
  const listed = items.slice(0, maxListed).map(describe)
  return items.length > maxListed ? [...listed, `and ${items.length - maxListed} more`] : listed
}

/** No name is longer. To compare takes time in proportion to the square of the length, and a client chooses that. */
const maxComparedLength = 100

/** Returns `: did you mean NAME?` with the known name that resembles this one; an empty string if none does. */
export function suggest(name: string, known: readonly string[]): string {
  if (known.length === 0 || name.length > maxComparedLength) return ''
  const guess = closest(name, known)
  // Of a short name, half of it at most: every short word resembles another one.
  const limit = Math.max(Math.min(3, name.length / 2), name.length / 3)
  return distance(name, guess) <= limit ? `: did you mean ${guess}?` : ''
}
