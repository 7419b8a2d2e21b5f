import type { MeterProvider } from '@opentelemetry/api'
import { MetricsRegistry, type RegistryOptions, sharedRegistry } from '@wombat/instrumentation'
import { claimDefaultRegistry, describeValue } from '@wombat/instrumentation/internal'
import { RegistryReader } from './collection/registry-reader.ts'
import type { SnapshotReader } from './collection/snapshot-reader.ts'
import { type MetricsExport, runMonitoring } from './composition-root.ts'
import { componentOptions } from './config/component-options.ts'
import { ConfigError } from './config/errors.ts'
import { explainAllOptions } from './config/explain.ts'
import { type OptionName, optionNames } from './config/options.ts'
import { readOtelResource, withOtelExporters } from './config/otel-environment.ts'
import { otlpOffReason, otlpSettings } from './config/otlp-settings.ts'
import { findSource, givenOption, type MonitoringConfig, resolveConfig } from './config/resolve-config.ts'
import type { OtlpExport } from './exporters/otlp-provider.ts'
import { defaultLogger, guardLogger, type Logger } from './logger.ts'
import type { Monitoring } from './monitoring.ts'
import type { RegistrySource } from './processes/registry-source.ts'
import { SystemClock } from './time/clock.ts'
import { errorMessage } from './validation/error-message.ts'

/** A MeterProvider of any version of OpenTelemetry's API 1.x. */
export interface AnyMeterProvider {
  /** Returns a Meter for the instrumentation scope of this name. */
  getMeter(name: string, version?: string): unknown
}

/** The configuration of a monitoring beside the application's own MeterProvider, which decides on OTLP and the resource. */
export interface AttachedConfig extends Omit<MonitoringConfig, 'otlp' | 'resource'> {
  /** The provider that `reader` belongs to (default: the global one). */
  readonly meterProvider?: AnyMeterProvider
}

/**
 * Starts monitoring with a MeterProvider of its own, which is not registered globally: the exporters, the HTTP servers, the
 * history, the alerts and the health checks.
 *
 * @throws ConfigError if the configuration is not valid; Error if a server cannot listen on its port.
 * @example
 * ```js
 * import assert from 'node:assert/strict'
 * import { startMonitoring } from '@wombat/monitor'
 *
 * const monitoring = await startMonitoring({ prometheusEnabled: true, prometheusPort: 0, jsonApiEnabled: false })
 * const store = monitoring.instrument(new Map(), { name: 'sessions' })
 * store.set('a', 1)
 *
 * const response = await fetch(`${monitoring.addresses.prometheus}/metrics`)
 * assert.match(await response.text(), /^db_set_operations_total\{store="sessions"\} 1$/m)
 *
 * await monitoring.close()
 * ```
 */
export async function startMonitoring(config: MonitoringConfig = {}): Promise<Monitoring> {
  const effective = withOtelExporters(config)
  const options = componentOptions(resolveConfig(effective))
  const otlp = otlpSettings(options.otlp)
  const resource = readOtelResource()
  const chosen = chosenOptions(config)
  const claim = claimRegistry(options.registry, chosen)
  const registry = claim?.registry ?? new MetricsRegistry(options.registry)
  const logger = createLogger(options.logging, registry)
  for (const problem of resource.problems) logger.warn({}, problem)
  const offReason = otlpOffReason(config.otlp)
  if (offReason !== undefined) logger.warn({}, offReason)
  if (claim === undefined) {
    logger.warn(
      {},
      'another monitoring of this process covers the stores of instrument(); this one covers only those of its own instrument(): start one monitoring in a process',
    )
  }
  const { clock = new SystemClock() } = options
  const resourceAttributes = { attributes: options.resource ?? {}, fromEnvironment: resource.attributes }
  const reader = new RegistryReader(resourceAttributes)
  const createExport = (whole: RegistrySource, isThread: () => boolean): MetricsExport => {
    let otlpExport: OtlpExport | undefined
    return {
      // OpenTelemetry's SDK and its exporters are loaded only if they are needed.
      async start() {
        if (otlp === undefined || isThread()) return
        const { startOtlp } = await import('./exporters/otlp-provider.ts')
        otlpExport = startOtlp({ registry, whole, settings: otlp, resourceAttributes, logger, clock })
      },
      get isRunning() {
        return otlpExport !== undefined
      },
      async flush() {
        await otlpExport?.flush()
      },
      async close() {
        reader.close()
        await otlpExport?.stop()
      },
    }
  }
  return runMonitoring({
    reader,
    registry,
    options,
    logger,
    clock,
    createExport,
    threadConfig: threadConfig(config),
    explained: explainAllOptions(config, { config: effective, isOtlpOn: otlp !== undefined }),
    chosenOptions: chosen,
    ...(claim !== undefined && { registryClaim: { close: claim.release } }),
    ...(chosen.has('cardinalityLimit') && { cardinalityLimit: options.registry.cardinalityLimit }),
    ...(chosen.has('endedStoreRetentionMs') && { endedStoreRetentionMs: options.registry.endedStoreRetentionMs }),
  })
}

/**
 * Claims the registry of the stores that are instrumented without naming one, before or after this call; undefined if another
 * monitoring has claimed it.
 *
 * @throws ConfigError if those stores were measured under other names.
 */
function claimRegistry({ semconv, cardinalityLimit }: RegistryOptions, chosen: ReadonlySet<OptionName>) {
  try {
    return claimDefaultRegistry({
      ...(cardinalityLimit !== undefined && { cardinalityLimit }),
      ...(chosen.has('semconv') && semconv !== undefined && { semconv }),
    })
  } catch (error) {
    throw new ConfigError([errorMessage(error)])
  }
}

/**
 * Starts the same monitoring beside the MeterProvider or NodeSDK of an application, which must have `reader` among its readers.
 * It covers every store that is measured with this provider, also by `instrument` alone. Closing it leaves the provider and the
 * measured stores as they were before.
 *
 * @throws TypeError if the reader is not a SnapshotReader; Error if it belongs to no MeterProvider, if a server cannot listen on its
 *   port, or if the stores of this provider are monitored already; ConfigError if the configuration is not valid.
 * @example
 * ```js
 * import assert from 'node:assert/strict'
 * import { instrument } from '@wombat/instrumentation'
 * import { createMonitoring, SnapshotReader } from '@wombat/monitor'
 * import { MeterProvider } from '@opentelemetry/sdk-metrics'
 *
 * const reader = new SnapshotReader()
 * const meterProvider = new MeterProvider({ readers: [reader] })
 * const monitoring = await createMonitoring(reader, { meterProvider, jsonApiPort: 0 })
 * const store = instrument(new Map(), { name: 'sessions', meterProvider })
 * store.set('a', 1)
 *
 * const metrics = await monitoring.metrics()
 * assert.equal(metrics.find(({ name }) => name === 'db_set_operations_total').value, 1)
 *
 * await monitoring.close()
 * await meterProvider.shutdown()
 * ```
 */
export async function createMonitoring(reader: SnapshotReader, config: AttachedConfig = {}): Promise<Monitoring> {
  if (typeof reader?.take !== 'function') {
    throw new TypeError(
      `createMonitoring(reader, config): the reader must be a SnapshotReader, got ${describeValue(reader)}; without a MeterProvider of your own use startMonitoring(config)`,
    )
  }
  const { meterProvider, ...rest } = config
  if ('otlp' in rest || 'resource' in rest) {
    throw new ConfigError(['otlp and resource are settings of your MeterProvider: set them there'])
  }
  const options = componentOptions(resolveConfig(rest))
  reader.assertBound()
  // A default must not change what the provider's stores use already.
  const chosen = chosenOptions(rest)
  const registry = sharedRegistry(
    meterProvider as MeterProvider | undefined,
    chosen.has('semconv') ? options.registry.semconv : undefined,
  )
  const logger = createLogger(options.logging, registry)
  const { cardinalityLimit, endedStoreRetentionMs } = options.registry
  const { clock = new SystemClock() } = options
  return runMonitoring({
    reader,
    registry,
    options,
    logger,
    clock,
    chosenOptions: chosen,
    threadConfig: threadConfig(rest),
    explained: explainAllOptions(rest, { config: rest, isOtlpOn: false }),
    ...(chosen.has('cardinalityLimit') && { cardinalityLimit }),
    ...(chosen.has('endedStoreRetentionMs') && { endedStoreRetentionMs }),
  })
}

/** A failure of the application's logger is counted, and goes no further. */
function createLogger({ logger, level }: ReturnType<typeof componentOptions>['logging'], registry: MetricsRegistry): Logger {
  return guardLogger(logger ?? defaultLogger(level), () => registry.recordCalloutFailure('logger'))
}

/** Returns the options for the monitoring of a worker thread: the plain ones, which can be sent to it. */
function threadConfig(config: MonitoringConfig): MonitoringConfig {
  const given = optionNames.map((name) => [name, givenOption(name, config)] as const)
  return Object.fromEntries(given.filter(([, value]) => value !== undefined))
}

/** Returns the options that someone chose: in the code or in the environment. */
function chosenOptions(config: MonitoringConfig): ReadonlySet<OptionName> {
  return new Set(optionNames.filter((option) => findSource(option, config) !== 'default'))
}
