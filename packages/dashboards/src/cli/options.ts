import { parseArgs } from 'node:util'
import { suggest, UsageError } from './usage-error.ts'

/** One option of a command. */
export interface CliOption {
  /** Placeholder for the value in the help; absent for a flag. */
  readonly value?: string
  readonly repeated?: boolean
  readonly description: string
}

/** The options of a command, by name without dashes. */
export type CliOptions = Readonly<Record<string, CliOption>>

/** The parsed command line of one command. */
export class ParsedOptions {
  /** Arguments that are not options. */
  readonly positionals: readonly string[]
  readonly #values: Readonly<Record<string, readonly string[]>>

  constructor(positionals: readonly string[], values: Readonly<Record<string, readonly string[]>>) {
    this.positionals = positionals
    this.#values = values
  }

  /** Returns whether the option was given. */
  has(name: string): boolean {
    return this.#values[name] !== undefined
  }

  /** Returns all values of an option. */
  all(name: string): readonly string[] {
    return this.#values[name] ?? []
  }

  /** Returns the last value of an option; `undefined` if it was not given. */
  text(name: string): string | undefined {
    return this.#values[name]?.at(-1)
  }

  /** Returns the value as a number. @throws UsageError if it is not a number. */
  number(name: string): number | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    const number = text.trim() === '' ? Number.NaN : Number(text)
    if (Number.isNaN(number)) throw new UsageError(`--${name} must be a number, got ${JSON.stringify(text)}`)
    return number
  }

  /** Returns all values as `host:port`. @throws UsageError for URLs, which Prometheus and the Collector reject here. */
  hosts(name: string): readonly string[] {
    const texts = this.all(name)
    const invalid = texts.find((text) => !/^[^\s/]+:\d+$/.test(text))
    if (invalid !== undefined) throw new UsageError(`--${name} must be host:port, got ${JSON.stringify(invalid)}`)
    return texts
  }

  /** Returns the value as a URL. @throws UsageError if it is not an http or https URL. */
  url(name: string): URL | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    const url = URL.parse(text)
    if (url === null || !/^https?:$/.test(url.protocol)) {
      // The value is not repeated: it may contain a password.
      throw new UsageError(`--${name} must be a URL that starts with http:// or https://`)
    }
    return url
  }
}

/**
 * Parses the arguments of a command.
 *
 * @throws UsageError for an unknown option, with the most similar known one, and for a missing, unexpected or repeated value.
 */
export function parseOptions(args: readonly string[], options: CliOptions): ParsedOptions {
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    tokens: true,
    options: Object.fromEntries(
      Object.entries(options).map(([name, { value }]) => [name, { type: value === undefined ? 'boolean' : 'string' } as const]),
    ),
  })
  const knownOptions = Object.keys(options).map((name) => `--${name}`)
  const values: Record<string, string[]> = {}
  const positionals: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value)
    if (token.kind !== 'option') continue
    const { name, rawName, value } = token
    const option = Object.hasOwn(options, name) ? options[name] : undefined
    if (option === undefined) throw new UsageError(`unknown option ${rawName}${suggest(rawName, knownOptions)}`)
    if (option.value !== undefined && (value === undefined || (value.startsWith('--') && !token.inlineValue))) {
      throw new UsageError(`${rawName} needs a value: <${option.value}>`)
    }
    if (option.value === undefined && value !== undefined) throw new UsageError(`${rawName} takes no value`)
    if (values[name] !== undefined && option.repeated !== true) throw new UsageError(`${rawName} was given twice`)
    values[name] = [...(values[name] ?? []), value ?? '']
  }
  return new ParsedOptions(positionals, values)
}
