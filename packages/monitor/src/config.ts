import { inspect } from 'node:util'
import type { Attributes } from '@opentelemetry/api'
import { closest, distance } from 'fastest-levenshtein'
import { z } from 'zod'
import { fromText, milliseconds, type OptionName, type OptionValues, options, variableOf } from './config-options.ts'
import type { OtlpOptions } from './exporters/otlp.ts'
import type { Logger } from './logger.ts'

/** How to monitor. Every plain option can also be set in the environment; code goes before environment, and that before the default. */
export interface MonitoringConfig extends Partial<OptionValues> {
  /** Send OTLP: `true` for OpenTelemetry's own variables and defaults. Default: on where OTEL_EXPORTER_OTLP_ENDPOINT is set. */
  readonly otlp?: boolean | OtlpOptions
  /** The application's logger (default: pino to standard output, at `logLevel`). */
  readonly logger?: Logger
  /** Attributes of the resource, beside those of OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME; these here win. */
  readonly resource?: Attributes
}

export type ConfigSource = 'code' | 'environment' | 'default'

/** Where one option's value comes from. */
export interface ExplainedOption {
  readonly option: string
  readonly value: unknown
  readonly source: ConfigSource
  readonly variable: string
  readonly description: string
}

/** All that is wrong with a configuration, at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`the monitoring configuration cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
    this.problems = problems
  }
}

type Environment = Readonly<Record<string, string | undefined>>

/** A configuration with every option decided. */
export interface ResolvedConfig extends OptionValues {
  readonly otlp: boolean | OtlpOptions | undefined
  readonly logger: Logger | undefined
  readonly resource: Attributes
}

const otlpSchema = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .describe('an http or https address')
    .optional(),
  headers: z.record(z.string(), z.string()).describe('an object of strings').optional(),
  protocol: z.enum(['http/protobuf', 'http/json']).describe('one of http/protobuf, http/json').optional(),
  compression: z.enum(['gzip', 'none']).describe('one of gzip, none').optional(),
  timeoutMs: milliseconds(1).optional(),
  intervalMs: milliseconds(100).optional(),
  temporality: z.enum(['cumulative', 'delta', 'lowmemory']).describe('one of cumulative, delta, lowmemory').optional(),
  histograms: z.enum(['explicit', 'exponential']).describe('one of explicit, exponential').optional(),
})

const structured = {
  otlp: z.union([z.boolean(), otlpSchema]).optional(),
  logger: z
    .custom<Logger>((value) =>
      ['debug', 'info', 'warn', 'error'].every((level) => typeof (value as never)?.[level] === 'function'),
    )
    .optional(),
  resource: z.record(z.string(), z.unknown()).optional(),
}

/**
 * Decides every option.
 *
 * @throws ConfigError naming every option that is wrong, what was got and what is allowed.
 */
export function resolveConfig(config: MonitoringConfig = {}, environment: Environment = process.env): ResolvedConfig {
  const problems = [...unknownOptions(config), ...unknownVariables(environment), ...structureProblems(config)]
  const values: Record<string, unknown> = {}
  for (const name of optionNames) {
    const { value, source } = decide(name, config, environment)
    const { schema, description } = options[name]
    const parsed = schema.safeParse(value)
    if (parsed.success) values[name] = parsed.data
    else
      problems.push(
        complaint(source === 'environment' ? `${variableOf(name)} (${name})` : name, schema, shown(name, value), description),
      )
  }
  const { host, authToken } = values
  if (host !== undefined && isRemote(host) && 'authToken' in values && authToken === undefined) {
    problems.push(`host "${host}" is not loopback and there is no authToken: anybody who reaches it could read everything`)
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return { ...(values as unknown as OptionValues), otlp: config.otlp, logger: config.logger, resource: config.resource ?? {} }
}

/** Where each option's value comes from; secrets are not shown. @throws ConfigError as `resolveConfig` does. */
export function explainConfig(config: MonitoringConfig = {}, environment: Environment = process.env): ExplainedOption[] {
  const resolved = resolveConfig(config, environment)
  return optionNames.map((name) => ({
    option: name,
    value: shown(name, resolved[name]),
    source: decide(name, config, environment).source,
    variable: variableOf(name),
    description: options[name].description,
  }))
}

/** One option as the documentation shows it. */
export interface DocumentedOption {
  readonly option: string
  readonly variable: string
  readonly fallback: unknown
  readonly allowed: string
  readonly description: string
}

/** Every plain option: what the README's table is made of. */
export function optionTable(): DocumentedOption[] {
  return optionNames.map((name) => {
    const { fallback, schema, description } = options[name]
    return { option: name, variable: variableOf(name), fallback, allowed: schema.description ?? '', description }
  })
}

const optionNames = Object.keys(options) as OptionName[]

function decide(name: OptionName, config: MonitoringConfig, environment: Environment): { value: unknown; source: ConfigSource } {
  if (config[name] !== undefined) return { value: config[name], source: 'code' }
  const text = environment[variableOf(name)]
  // OpenTelemetry's rule for its variables, and so ours: an empty one is as good as none.
  if (text !== undefined && text !== '') return { value: fromText(options[name], text), source: 'environment' }
  return { value: options[name].fallback, source: 'default' }
}

function shown(name: OptionName, value: unknown): unknown {
  return 'secret' in options[name] && value !== undefined ? '(secret)' : value
}

function complaint(name: string, schema: z.ZodType, got: unknown, description?: string): string {
  return `${name} must be ${schema.description ?? 'of its type'}, got ${describeValue(got)}${description === undefined ? '' : `: ${description}`}`
}

/** Objects are named, not shown: they may hold secrets, or themselves. */
function describeValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' && value !== null ? 'an object' : inspect(value)
}

function unknownOptions(config: MonitoringConfig): string[] {
  const known = [...optionNames, ...Object.keys(structured)]
  return Object.keys(config)
    .filter((name) => !known.includes(name))
    .map((name) => `${name} is no option${nearest(name, known)}`)
}

function unknownVariables(environment: Environment): string[] {
  const known = optionNames.map(variableOf)
  return Object.keys(environment)
    .filter((name) => name.startsWith('WOMBAT_') && !known.includes(name))
    .map((name) => `${name} is no variable of ours${nearest(name, known)}`)
}

function nearest(name: string, known: readonly string[]): string {
  const guess = closest(name, known)
  return distance(name, guess) <= Math.max(3, name.length / 3) ? `: did you mean ${guess}?` : ''
}

function structureProblems(config: MonitoringConfig): string[] {
  const { otlp, logger, resource } = config
  const problems: string[] = []
  if (!structured.logger.safeParse(logger).success)
    problems.push(`logger must have debug, info, warn and error, got ${describeValue(logger)}`)
  if (!structured.resource.safeParse(resource).success)
    problems.push(`resource must be an object of attributes, got ${describeValue(resource)}`)
  if (structured.otlp.safeParse(otlp).success) return problems
  const parsed = otlpSchema.safeParse(otlp)
  if (typeof otlp !== 'object' || otlp === null || Array.isArray(otlp))
    return [...problems, `otlp must be true, false or an object, got ${describeValue(otlp)}`]
  for (const issue of parsed.error?.issues ?? []) {
    if (issue.code === 'unrecognized_keys') {
      problems.push(...issue.keys.map((key) => `otlp.${key} is no option${nearest(key, Object.keys(otlpSchema.shape))}`))
      continue
    }
    const key = String(issue.path[0]) as keyof typeof otlpSchema.shape
    problems.push(complaint(`otlp.${key}`, otlpSchema.shape[key].unwrap(), key === 'headers' ? '(secret)' : otlp[key]))
  }
  return problems
}

/** Whether an address can be reached from another machine. */
export function isRemote(host: unknown): boolean {
  return !(host === 'localhost' || host === '::1' || (typeof host === 'string' && /^127(\.\d{1,3}){3}$/.test(host)))
}
