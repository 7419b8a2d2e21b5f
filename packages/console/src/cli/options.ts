import { parseArgs } from 'node:util'
import { suggest, UsageError } from './usage-error.ts'

/** One option of a command. */
export interface CliOption {
  /** Placeholder for the value in the help; absent for a flag. */
  readonly value?: string
  readonly description: string
}

/** The options of a command, by name without dashes. */
export type CliOptions = Readonly<Record<string, CliOption>>

/** The values of the options that were given, by name; of a flag, the empty text. */
export type OptionValues = ReadonlyMap<string, string>

/**
 * Parses the options of a command.
 *
 * @throws UsageError for an unknown option, with the most similar known one, and for a missing, unexpected or repeated value.
 */
export function parseOptions(args: readonly string[], options: CliOptions): OptionValues {
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    tokens: true,
    options: Object.fromEntries(
      Object.entries(options).map(([name, { value }]) => [name, { type: value === undefined ? 'boolean' : 'string' } as const]),
    ),
  })
  const known = Object.keys(options).map((name) => `--${name}`)
  const values = new Map<string, string>()
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue
    if (token.kind === 'positional') throw new UsageError(`unexpected argument ${JSON.stringify(token.value)}`)
    const { name, rawName, value, inlineValue } = token
    const option = Object.hasOwn(options, name) ? options[name] : undefined
    if (option === undefined) throw new UsageError(`unknown option ${rawName}${suggest(rawName, known)}`)
    if (option.value !== undefined && (value === undefined || value === '' || (value.startsWith('--') && !inlineValue))) {
      throw new UsageError(`${rawName} needs a value: ${rawName} ${option.value}`)
    }
    if (option.value === undefined && value !== undefined) throw new UsageError(`${rawName} takes no value`)
    if (values.has(name)) throw new UsageError(`${rawName} was given twice`)
    values.set(name, value ?? '')
  }
  return values
}
