import { readFileSync } from 'node:fs'
import { doctor, doctorOptions } from './doctor.ts'
import { formatHelp } from './help.ts'
import { type CliOptions, type ParsedOptions, parseOptions } from './options.ts'
import { suggest, UsageError } from './usage-error.ts'
import { write, writeOptions } from './write.ts'

/** Output of the command line interface, line by line: results and errors. */
export interface Streams {
  readonly out: (line: string) => void
  readonly error: (line: string) => void
}

/** One command of the command line interface. */
interface Command {
  /** Placeholder for the positional argument; empty if there is none. */
  readonly operand: string
  readonly description: string
  readonly options: CliOptions
  readonly run: (options: ParsedOptions, print: (line: string) => void) => Promise<number>
}

const commands: Readonly<Record<string, Command>> = {
  write: {
    operand: '<folder>',
    description: 'Writes Grafana dashboards, Prometheus rules and the configuration of a route into a folder.',
    options: writeOptions,
    run: write,
  },
  doctor: {
    operand: '',
    description: 'Checks a metrics pipeline hop by hop: which hop loses, renames or changes series.',
    options: doctorOptions,
    run: doctor,
  },
}

const globalOptions: CliOptions = {
  help: { description: 'Print this help.' },
  version: { description: 'Print the version.' },
}

/** Runs the command line interface. Resolves to the exit code: 0 success, 1 failure, 2 invalid command line. Never rejects. */
export async function main(args: readonly string[], { out, error }: Streams): Promise<number> {
  try {
    const [name, ...rest] = args
    const command = name === undefined ? undefined : findCommand(name)
    const options = parseOptions(command === undefined ? args : rest, { ...command?.options, ...globalOptions })
    if (options.has('version')) {
      out(packageVersion())
      return 0
    }
    if (options.has('help')) {
      out(formatHelp(commands, globalOptions, command === undefined ? undefined : name))
      return 0
    }
    if (command === undefined) throw new UsageError(`missing command: ${Object.keys(commands).join(' or ')}`)
    return await command.run(options, out)
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    error(`wombat-dashboards: ${message}`)
    if (!(thrown instanceof UsageError)) return 1
    error('Run wombat-dashboards --help for the commands and their options.')
    return 2
  }
}

/** Returns the command; `undefined` if the word is an option. @throws UsageError for an unknown command. */
function findCommand(word: string): Command | undefined {
  if (word.startsWith('-')) return undefined
  if (!Object.hasOwn(commands, word)) throw new UsageError(`unknown command ${word}${suggest(word, Object.keys(commands))}`)
  return commands[word]
}

function packageVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
  return manifest.version
}
