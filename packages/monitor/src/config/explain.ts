import { type Environment, environmentVariable } from './environment.ts'
import { optionDescription, optionNames, options } from './options.ts'
import { type ConfigSource, formatValue, type MonitoringConfig, resolveConfig, sourceOf } from './resolve-config.ts'

/** The value of one option, and where it comes from. */
export interface ExplainedOption {
  readonly option: string
  /** Secrets are shown as `(secret)`. */
  readonly value: unknown
  readonly source: ConfigSource
  readonly variable: string
  readonly description: string
}

/**
 * Returns the value of every plain option and where it comes from. Secrets are not shown.
 *
 * @throws ConfigError if the configuration is not valid.
 * @example
 * ```js
 * import { explainConfig } from '@wombat/monitor'
 *
 * const environment = { WOMBAT_PROMETHEUS_ENABLED: 'true' }
 * for (const { option, value, source } of explainConfig({ jsonApiPort: 0 }, environment)) {
 *   if (source !== 'default') console.log(`${option} = ${value} (${source})`)
 * }
 * ```
 */
export function explainConfig(config: MonitoringConfig = {}, environment: Environment = process.env): ExplainedOption[] {
  const resolved = resolveConfig(config, environment)
  return optionNames.map((name) => ({
    option: name,
    value: formatValue(name, resolved[name]),
    source: sourceOf(name, config, environment),
    variable: environmentVariable(name),
    description: optionDescription(name),
  }))
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
 * import { optionTable } from '@wombat/monitor'
 *
 * for (const { variable, defaultValue, description } of optionTable()) {
 *   console.log(`${variable}=${defaultValue ?? ''}  # ${description}`)
 * }
 * ```
 */
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
