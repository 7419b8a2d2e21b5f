import { readFileSync } from 'node:fs'
import { doctor, doctorOptions } from './doctor.ts'
import { formatHelp } from './help.ts'
import { type CliOptions, type ParsedOptions, parseOptions } from './options.ts'
import { suggest, UsageError } from './usage-error.ts'
import { write, writeOptions } from './write.ts'

/** Where the command speaks: results, and complaints. */
export interface Streams {
  readonly out: (line: string) => void
  readonly error: (line: string) => void
}

/** One of the things that the command can do. */
export interface Command {
  readonly operand: string
  readonly description: string
  readonly options: CliOptions
  readonly run: (typed: ParsedOptions, say: (line: string) => void) => Promise<number>
}

const commands: Readonly<Record<string, Command>> = {
  write: {
    operand: '<folder>',
    description: 'Writes dashboards, rules for Prometheus and the configuration of a route into a folder.',
    options: writeOptions,
    run: write,
  },
  doctor: {
    operand: '',
    description: 'Sends a canary along a route, or follows what a page shows, and says at which hop it is lost or changed.',
    options: doctorOptions,
    run: doctor,
  },
}

const common: CliOptions = {
  help: { description: 'Say this.' },
  version: { description: 'Say which version this is.' },
}

/** Runs the command; resolves to its exit code: 0 all is well, 1 something is not, 2 it was called wrongly. Never rejects. */
export async function main(args: readonly string[], { out, error }: Streams): Promise<number> {
  try {
    const [name, ...rest] = args
    const command = name === undefined ? undefined : findCommand(name)
    const typed = parseOptions(command === undefined ? args : rest, { ...command?.options, ...common })
    if (typed.has('version')) {
      out(version())
      return 0
    }
    if (typed.has('help')) {
      out(formatHelp(commands, common, command === undefined ? undefined : name))
      return 0
    }
    if (command === undefined) throw new UsageError(`say what to do: ${Object.keys(commands).join(' or ')}`)
    return await command.run(typed, out)
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    error(`wombat-dashboards: ${message}`)
    if (!(thrown instanceof UsageError)) return 1
    error('wombat-dashboards --help says what there is.')
    return 2
  }
}

/** @throws Misuse for a word that is no command. */
function findCommand(word: string): Command | undefined {
  if (word.startsWith('-')) return undefined
  if (!Object.hasOwn(commands, word)) throw new UsageError(`${word} is no command${suggest(word, Object.keys(commands))}`)
  return commands[word]
}

function version(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
  return manifest.version
}
