/** Thrown with every validation problem of a configuration in `problems`. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  /** One sentence per problem: the option, the value it got and what is allowed. */
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`the monitoring configuration is not valid:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
    this.problems = problems
  }
}
