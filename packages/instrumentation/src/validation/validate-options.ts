import { describeValue } from './describe-value.ts'

/** The options of one function, as its error messages name them. */
export interface KnownOptions {
  /** The call, for example `instrument()`. */
  readonly call: string
  readonly names: readonly string[]
  /** Valid options, as one would write them: `{ name: 'orders' }`. */
  readonly example: string
}

/**
 * Throws if options are not an object, or contain one that does not exist: a misspelled option would have no effect.
 *
 * @throws TypeError with what it got, and what is expected.
 */
export function validateOptions(options: unknown, { call, names, example }: KnownOptions): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(`${call}: the options must be an object such as ${example}, got ${describeValue(options)}`)
  }
  const unknown = Object.keys(options).filter((name) => !names.includes(name))
  if (unknown.length === 0) return
  const subject = unknown.length === 1 ? 'there is no option' : 'there are no options'
  throw new TypeError(`${call}: ${subject} ${unknown.join(', ')}; the options are ${names.join(', ')}`)
}
