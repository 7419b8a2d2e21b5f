/**
 * The values that an option or a field can have. These schemas are flat and our own: loading zod would take a third of the start of a
 * process.
 */
export interface Schema<Value> {
  /** Completes the sentence "OPTION must be ...". */
  readonly description: string
  /** The type of the values, in TypeScript. */
  readonly type: string
  /** All values, if they are words: an error names the nearest one. */
  readonly words?: readonly string[]
  /** Returns the valid value, or undefined if it is not valid. */
  parse(value: unknown): { readonly value: Value } | undefined
}

/** The type of the values that a schema accepts. */
export type ValueOf<Of extends Schema<unknown>> = Of extends Schema<infer Value> ? Value : never

/** Accepts the values of which `isValid` is true. */
export function schemaOf<Value>(type: string, description: string, isValid: (value: unknown) => value is Value): Schema<Value> {
  return { type, description, parse: (value) => (isValid(value) ? { value } : undefined) }
}

/** Accepts undefined, too. */
export function optional<Value>(schema: Schema<Value>): Schema<Value | undefined> {
  return { ...schema, parse: (value) => (value === undefined ? { value } : schema.parse(value)) }
}

export const boolean = () => schemaOf('boolean', 'true or false', (value): value is boolean => typeof value === 'boolean')

export const number = (min: number, max: number, description: string) =>
  schemaOf('number', description, (value): value is number => typeof value === 'number' && value >= min && value <= max)

export const integer = (min: number, max: number, description = `a whole number from ${min} to ${max}`) =>
  schemaOf(
    'number',
    description,
    (value): value is number => Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max,
  )

/** At most a day: a timer of Node cannot wait longer than 24 days. */
export const milliseconds = (min: number, max = 86_400_000) =>
  integer(min, max, `a whole number of milliseconds from ${min} to ${max}`)

export const port = () => integer(0, 65_535, 'a port from 0 (any free port) to 65535')

export const oneOf = <const Words extends readonly [string, ...string[]]>(words: Words) => ({
  ...schemaOf(words.map((word) => `'${word}'`).join(' | '), `one of ${words.join(', ')}`, (value): value is Words[number] =>
    words.some((word) => word === value),
  ),
  words,
})

/** White space around the URL is removed: a file with a secret often ends in a line feed. */
export const httpUrl = (): Schema<string> => ({
  type: 'string',
  description: 'an http or https URL',
  parse(value) {
    if (typeof value !== 'string') return undefined
    const url = value.trim()
    return /^https?:\/\//i.test(url) && URL.canParse(url) ? { value: url } : undefined
  },
})

export const text = (description: string, minLength = 1, pattern = /^/) =>
  schemaOf(
    'string',
    description,
    (value): value is string => typeof value === 'string' && value.length >= minLength && pattern.test(value),
  )

/** Any number but NaN and infinity. */
export const finite = () => schemaOf('number', 'a number', (value): value is number => Number.isFinite(value))

export const listOf = (item: Schema<string>, description: string) =>
  schemaOf(
    `${item.type}[]`,
    description,
    (value): value is string[] => Array.isArray(value) && value.length > 0 && value.every((one) => item.parse(one) !== undefined),
  )

/** Accepts an object with any number of keys. */
export const recordOf = (key: Schema<string>, item: Schema<unknown>, description: string) =>
  schemaOf(
    `Record<string, ${item.type}>`,
    description,
    (value): value is Record<string, unknown> =>
      isPlainObject(value) &&
      Object.entries(value).every(
        // It would be no key of the object, but its prototype.
        ([name, one]) => name === '__proto__' || (key.parse(name) !== undefined && item.parse(one) !== undefined),
      ),
  )

/** Returns whether the value is an object literal, and no array or instance of a class. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

/** The schema of each field of an object. */
export type Shape = Readonly<Record<string, Schema<unknown>>>

/** Returns the fields that are not valid, and those that do not exist. */
export function findInvalidFields(shape: Shape, given: object): { readonly invalid: string[]; readonly unknown: string[] } {
  return {
    invalid: Object.entries(shape).flatMap(([name, schema]) =>
      schema.parse(Reflect.get(given, name)) === undefined ? [name] : [],
    ),
    unknown: Object.keys(given).filter((name) => !Object.hasOwn(shape, name)),
  }
}
