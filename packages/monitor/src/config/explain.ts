import { type Environment, environmentVariable } from './environment.ts'
import { type OptionName, optionDescription, optionNames, options } from './options.ts'
import { type ConfigSource, findSource, formatValue, type MonitoringConfig, resolveConfig } from './resolve-config.ts'
import { structuredDescriptions, structuredNames, summarizeStructuredOption } from './structured-options.ts'

/** The value of one option, and where it comes from. */
export interface ExplainedOption {
  readonly option: string
  /** Secrets are shown as `(secret)`. */
  readonly value: unknown
  readonly source: ConfigSource
  readonly variable: string
  readonly description: string
  /** The values that are allowed, in words, with their unit. */
  readonly allowed: string
}

/** One option of any kind. An object or a function is only described, and has no variable. */
export type ExplainedConfigOption = Omit<ExplainedOption, 'variable'> & { readonly variable?: string }

/**
 * Returns the value of every plain option and where it comes from. Secrets are not shown.
 *
 * @throws ConfigError if the configuration is not valid.
 * @example
 * ```js
 * import assert from 'node:assert/strict'
 * import { explainConfig } from '@wombat/monitor'
 *
 * const explained = explainConfig({ jsonApiPort: 0 }, { WOMBAT_PROMETHEUS_ENABLED: 'true' })
 * const changed = explained.filter(({ source }) => source !== 'default')
 * assert.deepEqual(
 *   changed.map(({ option, value, source }) => `${option} = ${value} (${source})`),
 *   ['prometheusEnabled = true (environment)', 'jsonApiPort = 0 (code)'],
 * )
 * ```
 */
export function explainConfig(config: MonitoringConfig = {}, environment: Environment = process.env): ExplainedOption[] {
  const resolved = resolveConfig(config, environment)
  return optionNames.map((name) => ({
    option: name,
    value: formatValue(name, resolved[name]),
    source: findSource(name, config, environment),
    variable: environmentVariable(name),
    description: optionDescription(name),
    allowed: options[name].schema.description,
  }))
}

/** What OpenTelemetry's variables have turned on. */
interface OtelEffects {
  /** The configuration with these options turned on. */
  readonly config: MonitoringConfig
  readonly isOtlpOn: boolean
}

/** Returns the value of every option and where it comes from, also of OpenTelemetry's variables. Secrets are not shown. */
export function explainAllOptions(
  config: MonitoringConfig,
  { config: effective, isOtlpOn }: OtelEffects,
): ExplainedConfigOption[] {
  const plain = explainConfig(config).map((explained): ExplainedConfigOption => {
    const name = explained.option as OptionName
    if (config[name] === effective[name]) return explained
    return { ...explained, value: formatValue(name, effective[name]), source: 'environment', variable: 'OTEL_METRICS_EXPORTER' }
  })
  const structured = structuredNames.map((option): ExplainedConfigOption => {
    const { description, allowed } = structuredDescriptions[option]
    const explained = { option, description, allowed }
    if (config[option] !== undefined) return { ...explained, value: summarizeStructuredOption(option, config), source: 'code' }
    if (option !== 'otlp' || !isOtlpOn) return { ...explained, value: option === 'otlp' ? false : undefined, source: 'default' }
    return { ...explained, value: true, source: 'environment', variable: 'OTEL_EXPORTER_OTLP_ENDPOINT' }
  })
  return [...plain, ...structured]
}

/** One plain option, for documentation. */
export interface DocumentedOption {
  readonly option: string
  readonly variable: string
  readonly defaultValue: unknown
  /** The values that are allowed, in words, with their unit. */
  readonly allowed: string
  readonly description: string
}

/**
 * Returns every plain option with its environment variable, default, allowed values and purpose.
 *
 * @example
 * ```js
 * import assert from 'node:assert/strict'
 * import { optionTable } from '@wombat/monitor'
 *
 * const port = optionTable().find(({ option }) => option === 'prometheusPort')
 * assert.equal(port.variable, 'WOMBAT_PROMETHEUS_PORT')
 * assert.equal(port.defaultValue, 9090)
 * ```
 */
export function optionTable(): DocumentedOption[] {
  return optionNames.map((name) => {
    const { defaultValue, schema } = options[name]
    return {
      option: name,
      variable: environmentVariable(name),
      defaultValue,
      allowed: schema.description,
      description: optionDescription(name),
    }
  })
}
