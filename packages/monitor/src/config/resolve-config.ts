import { formatIssue, suggest } from '../validation/format-issue.ts'
import { isPlainObject } from '../validation/schema.ts'
import { type Environment, environmentVariable, findUnknownVariables, parseVariable } from './environment.ts'
import { ConfigError } from './errors.ts'
import type { PlainOptions } from './generated/plain-options.ts'
import { isRemote } from './host.ts'
import { type OptionName, type OptionValues, optionNames, options } from './options.ts'
import { type StructuredOptions, structuredNames, validateStructuredOptions } from './structured-options.ts'

/**
 * The configuration of a monitoring. Every plain option can also be set with an environment variable. Precedence: code,
 * environment, default.
 */
export interface MonitoringConfig extends PlainOptions, StructuredOptions {}

/** Where the value of an option comes from. */
export type ConfigSource = 'code' | 'environment' | 'default'

/** A configuration in which every plain option has its value. */
export interface ResolvedConfig extends OptionValues, StructuredOptions {}

/**
 * Returns the value of every option.
 *
 * @throws ConfigError with every option that is not valid, the value it got and the values allowed.
 */
export function resolveConfig(config: MonitoringConfig = {}, environment: Environment = process.env): ResolvedConfig {
  const problems = [...findUnknownOptions(config), ...findUnknownVariables(environment), ...validateStructuredOptions(config)]
  const values: Record<string, unknown> = {}
  for (const name of optionNames) {
    const { value, source } = resolveOption(name, config, environment)
    const { schema, description } = options[name]
    const parsed = schema.parse(value)
    if (parsed !== undefined) values[name] = parsed.value
    else {
      const label = source === 'environment' ? `${environmentVariable(name)} (${name})` : name
      problems.push(formatIssue(label, schema, formatValue(name, value), description))
    }
  }
  problems.push(...findAccessProblems(values, config))
  if (config.alertRules !== undefined && values['alertRulesFile'] !== undefined) {
    problems.push('alertRules and alertRulesFile exclude each other: set one of them')
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return { ...config, ...(values as unknown as OptionValues) }
}

/** The options that keep strangers out. */
const authenticationOptions = ['authToken', 'authTokenFile', 'readOnlyToken', 'authUsersFile', 'tlsClientCa'] as const

/** Returns the problems of options that belong together, if each of them is valid by itself. */
function findAccessProblems(values: Readonly<Record<string, unknown>>, { tls, ...config }: MonitoringConfig): string[] {
  const { host, authToken, readOnlyToken, tlsCert, tlsKey, tlsClientCa } = values
  const problems: string[] = []
  const isOpen = authenticationOptions.every((name) => name in values && values[name] === undefined)
  if (host !== undefined && isRemote(host) && isOpen) {
    problems.push(
      `host "${host}" is not loopback and authToken is not set, so that anyone could read the metrics: set authToken, or host to 127.0.0.1`,
    )
  }
  if (authToken !== undefined && authToken === readOnlyToken) {
    problems.push('authToken and readOnlyToken are the same: set different ones, or only one of them')
  }
  const plain = plainTlsOptions.filter((name) => config[name] !== undefined)
  if (tls !== undefined && plain.length > 0) problems.push(`tls and ${plain.join(', ')} exclude each other: set tls alone`)
  // With `tls`, what is missing in it is a problem already.
  if (tls === undefined && 'tlsCert' in values && 'tlsKey' in values) {
    const isCertMissing = tlsCert === undefined && (tlsKey ?? tlsClientCa) !== undefined
    if (isCertMissing)
      problems.push(`tlsCert is not set, and ${tlsKey === undefined ? 'tlsClientCa' : 'tlsKey'} is: set tlsCert, too`)
    if (tlsCert !== undefined && tlsKey === undefined) problems.push('tlsKey is not set, and tlsCert is: set tlsKey, too')
  }
  return problems
}

/** The fields of `tls` as plain options, which can be set in the environment. */
const tlsFields = { tlsCert: 'cert', tlsKey: 'key', tlsClientCa: 'clientCa' } as const
const plainTlsOptions = Object.keys(tlsFields) as ReadonlyArray<keyof typeof tlsFields>

/** Returns the value of a plain option that the code gives. */
export function givenOption(name: OptionName, config: MonitoringConfig): unknown {
  if (config[name] !== undefined || !Object.hasOwn(tlsFields, name) || !isPlainObject(config.tls)) return config[name]
  return config.tls[tlsFields[name as keyof typeof tlsFields]]
}

/** Returns where the value of an option comes from. */
export function findSource(name: OptionName, config: MonitoringConfig, environment: Environment = process.env): ConfigSource {
  return resolveOption(name, config, environment).source
}

/** Returns a value as it may be shown. */
export function formatValue(name: OptionName, value: unknown): unknown {
  return 'secret' in options[name] && value !== undefined ? '(secret)' : value
}

function resolveOption(
  name: OptionName,
  config: MonitoringConfig,
  environment: Environment,
): { value: unknown; source: ConfigSource } {
  const given = givenOption(name, config)
  if (given !== undefined) return { value: given, source: 'code' }
  const text = environment[environmentVariable(name)]
  // As for OpenTelemetry's variables, an empty one counts as not set.
  if (text !== undefined && text !== '') return { value: parseVariable(options[name], text), source: 'environment' }
  return { value: options[name].defaultValue, source: 'default' }
}

function findUnknownOptions(config: MonitoringConfig): string[] {
  const knownOptions: readonly string[] = [...optionNames, ...structuredNames]
  return Object.keys(config)
    .filter((name) => !knownOptions.includes(name))
    .map((name) => `${name} is not an option${suggest(name, knownOptions)}`)
}
