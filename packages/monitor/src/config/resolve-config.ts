import { formatIssue, suggest } from '../validation/format-issue.ts'
import { ConfigError } from './errors.ts'
import { isRemote } from './host.ts'
import { environmentVariable, type OptionName, type OptionValues, optionDescription, options, parseText } from './options.ts'
import { type StructuredOptions, structuredNames, structureProblems } from './structured-options.ts'

/** How to monitor. Every plain option can also be set in the environment; code goes before environment, and that before the default. */
export interface MonitoringConfig extends Partial<OptionValues>, StructuredOptions {}

export type ConfigSource = 'code' | 'environment' | 'default'

/** Where one option's value comes from. */
export interface ExplainedOption {
  readonly option: string
  readonly value: unknown
  readonly source: ConfigSource
  readonly variable: string
  readonly description: string
}

type Environment = Readonly<Record<string, string | undefined>>

/** A configuration with every option decided. */
export interface ResolvedConfig extends OptionValues, StructuredOptions {}

/**
 * Decides every option.
 *
 * @throws ConfigError naming every option that is wrong, what was got and what is allowed.
 */
export function resolveConfig(config: MonitoringConfig = {}, environment: Environment = process.env): ResolvedConfig {
  const problems = [...unknownOptions(config), ...unknownVariables(environment), ...structureProblems(config)]
  const values: Record<string, unknown> = {}
  for (const name of optionNames) {
    const { value, source } = resolveOption(name, config, environment)
    const { schema, description } = options[name]
    const parsed = schema.safeParse(value)
    if (parsed.success) values[name] = parsed.data
    else
      problems.push(
        formatIssue(
          source === 'environment' ? `${environmentVariable(name)} (${name})` : name,
          schema,
          formatValue(name, value),
          description,
        ),
      )
  }
  const { host, authToken } = values
  if (host !== undefined && isRemote(host) && 'authToken' in values && authToken === undefined) {
    problems.push(`host "${host}" is not loopback and there is no authToken: anybody who reaches it could read everything`)
  }
  if (config.alertRules !== undefined && values['alertRulesFile'] !== undefined) {
    problems.push('alertRules and alertRulesFile exclude each other: rules come from one place')
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return { ...config, ...(values as unknown as OptionValues) }
}

/** Where each option's value comes from; secrets are not shown. @throws ConfigError as `resolveConfig` does. */
export function explainConfig(config: MonitoringConfig = {}, environment: Environment = process.env): ExplainedOption[] {
  const resolved = resolveConfig(config, environment)
  return optionNames.map((name) => ({
    option: name,
    value: formatValue(name, resolved[name]),
    source: resolveOption(name, config, environment).source,
    variable: environmentVariable(name),
    description: optionDescription(name),
  }))
}

/** Who decided an option. */
export function sourceOf(name: OptionName, config: MonitoringConfig, environment: Environment = process.env): ConfigSource {
  return resolveOption(name, config, environment).source
}

/** One option as the documentation shows it. */
export interface DocumentedOption {
  readonly option: string
  readonly variable: string
  readonly defaultValue: unknown
  readonly allowed: string
  readonly description: string
}

/** Every plain option: what the README's table is made of. */
export function optionTable(): DocumentedOption[] {
  return optionNames.map((name) => {
    const { defaultValue, schema } = options[name]
    return {
      option: name,
      variable: environmentVariable(name),
      defaultValue,
      allowed: schema.description ?? '',
      description: optionDescription(name),
    }
  })
}

const optionNames = Object.keys(options) as OptionName[]

function resolveOption(
  name: OptionName,
  config: MonitoringConfig,
  environment: Environment,
): { value: unknown; source: ConfigSource } {
  if (config[name] !== undefined) return { value: config[name], source: 'code' }
  const text = environment[environmentVariable(name)]
  // OpenTelemetry's rule for its variables, and so ours: an empty one is as good as none.
  if (text !== undefined && text !== '') return { value: parseText(options[name], text), source: 'environment' }
  return { value: options[name].defaultValue, source: 'default' }
}

function formatValue(name: OptionName, value: unknown): unknown {
  return 'secret' in options[name] && value !== undefined ? '(secret)' : value
}

function unknownOptions(config: MonitoringConfig): string[] {
  const known = [...optionNames, ...structuredNames]
  return Object.keys(config)
    .filter((name) => !known.includes(name))
    .map((name) => `${name} is no option${suggest(name, known)}`)
}

/** What Kubernetes puts into the environment of every pod for a service whose name begins with `wombat`. */
const ofKubernetes = /_SERVICE_(HOST|PORT)|_PORT$|_PORT_\d+_(TCP|UDP|SCTP)/

function unknownVariables(environment: Environment): string[] {
  const known = optionNames.map(environmentVariable)
  return Object.keys(environment)
    .filter((name) => name.startsWith('WOMBAT_') && !known.includes(name) && !ofKubernetes.test(name))
    .map((name) => `${name} is no variable of ours${suggest(name, known)}`)
}
