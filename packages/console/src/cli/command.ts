import type { CliOptions, OptionValues } from './options.ts'

/** What a command gets from its process. */
export interface CliHost {
  readonly environment: NodeJS.ProcessEnv
  readonly stdout: NodeJS.WriteStream
  readonly stdin: NodeJS.ReadStream
  /** Prints one line for people: errors, and what the user has to know beside the output. */
  readonly printError: (line: string) => void
  /** Aborted when the user ends the program. */
  readonly signal: AbortSignal
}

/** One command of the program. */
export interface Command {
  readonly usage: string
  readonly description: string
  readonly options: CliOptions
  /** Resolves to the exit code. @throws UsageError */
  readonly run: (values: OptionValues, host: CliHost) => Promise<number>
}
