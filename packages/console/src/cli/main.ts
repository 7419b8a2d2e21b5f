import { readFileSync } from 'node:fs'
import type { CliHost, Command } from './command.ts'
import { formatHelp } from './help.ts'
import { type CliOptions, parseOptions } from './options.ts'
import { serveCommand } from './serve.ts'
import { topCommand } from './top.ts'
import { suggest, UsageError } from './usage-error.ts'

const program = 'wombat-console'
/** The command without a name is the first. */
const commands: ReadonlyMap<string, Command> = new Map([
  ['', serveCommand],
  ['top', topCommand],
])

const globalOptions: CliOptions = {
  help: { description: 'Print this help.' },
  version: { description: 'Print the version.' },
}

/** Runs the program. Resolves to the exit code: 0 success, 1 failure, 2 invalid command line. Never rejects. */
export async function main(args: readonly string[], host: CliHost): Promise<number> {
  try {
    const [word = ''] = args
    const isOption = word === '' || word.startsWith('-')
    const command = commands.get(isOption ? '' : word)
    if (command === undefined) {
      throw new UsageError(`unknown command ${JSON.stringify(word)}${suggest(word, [...commands.keys()].filter(Boolean))}`)
    }
    const values = parseOptions(isOption ? args : args.slice(1), { ...command.options, ...globalOptions })
    if (values.has('version')) {
      host.stdout.write(`${packageVersion()}\n`)
      return 0
    }
    if (values.has('help')) {
      host.stdout.write(`${formatHelp(isOption ? [...commands.values()] : [command], globalOptions)}\n`)
      return 0
    }
    return await command.run(values, host)
  } catch (error) {
    host.printError(`${program}: ${error instanceof Error ? error.message : String(error)}`)
    if (!(error instanceof UsageError)) return 1
    host.printError(`Run ${program} --help for the commands and their options.`)
    return 2
  }
}

function packageVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
  return manifest.version
}
