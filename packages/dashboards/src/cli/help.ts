import type { CliOptions } from './options.ts'

/** What help needs to know of a command. */
interface Described {
  readonly operand: string
  readonly description: string
  readonly options: CliOptions
}

/** All that can be typed; of one command where that is named. */
export function formatHelp(commands: Readonly<Record<string, Described>>, common: CliOptions, name?: string): string {
  const shown = Object.entries(commands).filter(([command]) => name === undefined || command === name)
  const parts = shown.map(([command, { operand, description, options }]) =>
    [`wombat-dashboards ${command} ${operand}`.trimEnd(), `  ${description}`, '', ...lines(options)].join('\n'),
  )
  return [...parts, ['always', '', ...lines(common)].join('\n')].join('\n\n')
}

function lines(options: CliOptions): string[] {
  return Object.entries(options).map(([name, { value, repeated, description }]) => {
    const typed = `--${name}${value === undefined ? '' : ` <${value}>`}`
    return `  ${typed.padEnd(34)}${description}${repeated === true ? ' May be repeated.' : ''}`
  })
}
