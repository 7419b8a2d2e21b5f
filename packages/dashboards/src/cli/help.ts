import type { CliOptions } from './options.ts'

/** The parts of a command that its help shows. */
interface CommandHelp {
  readonly operand: string
  readonly description: string
  readonly options: CliOptions
}

/** Returns the help of all commands or, with `name`, of one. */
export function formatHelp(commands: Readonly<Record<string, CommandHelp>>, globalOptions: CliOptions, name?: string): string {
  const shownCommands = Object.entries(commands).filter(([command]) => name === undefined || command === name)
  const parts = shownCommands.map(([command, { operand, description, options }]) =>
    [
      `wombat-dashboards ${command} ${operand} [options]`.replace(/ +/g, ' '),
      `  ${description}`,
      '',
      ...formatOptions(options),
    ].join('\n'),
  )
  return [...parts, ['Global options', '', ...formatOptions(globalOptions)].join('\n')].join('\n\n')
}

function formatOptions(options: CliOptions): string[] {
  return Object.entries(options).map(([name, { value, repeated, description }]) => {
    const option = `--${name}${value === undefined ? '' : ` <${value}>`}`
    return `  ${option.padEnd(34)}${description}${repeated === true ? ' Repeatable.' : ''}`
  })
}
