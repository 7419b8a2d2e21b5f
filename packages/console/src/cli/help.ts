import type { CliOptions } from './options.ts'

/** The parts of a command that its help shows. */
export interface CommandHelp {
  /** The words before the options. */
  readonly usage: string
  readonly description: string
  readonly options: CliOptions
}

/** Returns the help of these commands, and of the options that all have. */
export function formatHelp(commands: readonly CommandHelp[], globalOptions: CliOptions): string {
  const parts = commands.map(({ usage, description, options }) =>
    [`${usage} [options]`, `  ${description}`, '', ...formatOptions(options)].join('\n'),
  )
  const environment = [
    'Environment',
    '',
    '  WOMBAT_CONSOLE_URL        JSON API of the process, if --connect is not given.',
    '  WOMBAT_AUTH_TOKEN         authToken of the process. There is no option for it: others can read command lines.',
    '  NO_COLOR                  If set, the terminal shows no colors.',
  ]
  return [...parts, ['Global options', '', ...formatOptions(globalOptions)].join('\n'), environment.join('\n')].join('\n\n')
}

function formatOptions(options: CliOptions): string[] {
  return Object.entries(options).map(([name, { value, description }]) => {
    const option = `--${name}${value === undefined ? '' : ` ${value}`}`
    return `  ${option.padEnd(26)}${description}`
  })
}
