import { parseArgs } from 'node:util'
import { suggest, UsageError } from './usage-error.ts'

/** One option of a command: what its value is called, if it has one, and what it is for. */
export interface CliOption {
  readonly value?: string
  readonly repeated?: boolean
  readonly description: string
}

export type CliOptions = Readonly<Record<string, CliOption>>

/** What was typed, option by option. */
export class ParsedOptions {
  readonly positionals: readonly string[]
  readonly #values: Readonly<Record<string, readonly string[]>>

  constructor(positionals: readonly string[], values: Readonly<Record<string, readonly string[]>>) {
    this.positionals = positionals
    this.#values = values
  }

  has(name: string): boolean {
    return this.#values[name] !== undefined
  }

  all(name: string): readonly string[] {
    return this.#values[name] ?? []
  }

  /** The last one typed; undefined where it was not. */
  text(name: string): string | undefined {
    return this.#values[name]?.at(-1)
  }

  /** @throws Misuse where it is no number. */
  number(name: string): number | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    const number = text.trim() === '' ? Number.NaN : Number(text)
    if (Number.isNaN(number)) throw new UsageError(`--${name} must be a number, got ${JSON.stringify(text)}`)
    return number
  }

  /** Hosts and ports, `10.0.0.1:9464`: no addresses, which Prometheus and the Collector would not start with. @throws Misuse */
  hosts(name: string): readonly string[] {
    const texts = this.all(name)
    const wrong = texts.find((text) => !/^[^\s/]+:\d+$/.test(text))
    if (wrong !== undefined) throw new UsageError(`--${name} must be host:port, got ${JSON.stringify(wrong)}`)
    return texts
  }

  /** An http or https address. @throws Misuse where it is none. */
  address(name: string): URL | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    const url = URL.parse(text)
    if (url === null || !/^https?:$/.test(url.protocol)) {
      // An address may hold a password: it is not repeated.
      throw new UsageError(`--${name} must be an address that begins with http:// or https://`)
    }
    return url
  }
}

/**
 * What was typed after a command.
 *
 * @throws Misuse for an option that the command does not have, with the nearest that it has, and for a value too many or too few.
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
  const values: Record<string, string[]> = {}
  const positionals: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value)
    if (token.kind !== 'option') continue
    const { name, rawName, value } = token
    const option = Object.hasOwn(options, name) ? options[name] : undefined
    if (option === undefined) {
      throw new UsageError(
        `${rawName} is no option${suggest(
          rawName,
          Object.keys(options).map((known) => `--${known}`),
        )}`,
      )
    }
    if (option.value !== undefined && (value === undefined || (value.startsWith('--') && !token.inlineValue))) {
      throw new UsageError(`${rawName} needs ${option.value}`)
    }
    if (option.value === undefined && value !== undefined) throw new UsageError(`${rawName} takes no value`)
    if (values[name] !== undefined && option.repeated !== true) throw new UsageError(`${rawName} was given twice`)
    values[name] = [...(values[name] ?? []), value ?? '']
  }
  return new ParsedOptions(positionals, values)
}
