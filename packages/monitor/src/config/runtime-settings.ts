import type { Tracer } from '@opentelemetry/api'
import { type MetricsRegistry, scopeName } from '@wombat/instrumentation'
import { globalTracer } from '@wombat/instrumentation/internal'
import type { Component } from '../component.ts'
import type { SlowLog } from '../operations/slow-log.ts'
import { describeValue, formatIssue, suggest } from '../validation/format-issue.ts'
import { ConfigError } from './errors.ts'
import { type OptionValues, optionDescription, options } from './options.ts'
import type { AnyTracerProvider } from './structured-options.ts'

const runtimeOptionNames = [
  'enableMetrics',
  'latencySampleRatio',
  'enableSlowQueryLog',
  'slowQueryThresholdMs',
  'adaptiveSlowThreshold',
  'enableOperationTracing',
] as const

/** The options that can be changed while monitoring runs. */
export type RuntimeOptions = Pick<OptionValues, (typeof runtimeOptionNames)[number]>

export interface RuntimeSettingsOptions {
  readonly registry: MetricsRegistry
  readonly slowLog: SlowLog
  /** The options at the start. */
  readonly options: RuntimeOptions
  /** Provides the tracer of the operations' spans (default: the global provider). */
  readonly tracerProvider: AnyTracerProvider | undefined
}

/** The settings of a registry before monitoring changed them. */
interface PreviousSettings {
  readonly isEnabled: boolean
  readonly sampleInterval: number
  readonly tracer: Tracer | undefined
}

/** Applies the runtime options to a registry, and restores its previous settings at the end. */
export class RuntimeSettings implements Component {
  readonly #registry: MetricsRegistry
  readonly #slowLog: SlowLog
  readonly #tracerProvider: AnyTracerProvider | undefined
  #options: RuntimeOptions
  #previous: PreviousSettings | undefined

  constructor({ registry, slowLog, options, tracerProvider }: RuntimeSettingsOptions) {
    this.#registry = registry
    this.#slowLog = slowLog
    this.#tracerProvider = tracerProvider
    this.#options = options
  }

  start(): void {
    const { enabled, observer } = this.#registry
    this.#previous = { isEnabled: enabled, sampleInterval: observer.sampleInterval, tracer: observer.tracer }
    this.#apply()
  }

  /** Changes the given options and keeps the others. Has no effect after `close`. @throws ConfigError; then no option is changed. */
  adjust(changes: Partial<RuntimeOptions>): void {
    const problems = validateChanges(changes)
    if (problems.length > 0) throw new ConfigError(problems)
    this.#options = { ...this.#options, ...changes }
    if (this.#previous !== undefined) this.#apply()
  }

  /** Restores the previous settings: the stores of a MeterProvider outlive their monitoring. */
  close(): void {
    if (this.#previous === undefined) return
    const { isEnabled, sampleInterval, tracer } = this.#previous
    this.#previous = undefined
    this.#registry.enabled = isEnabled
    this.#registry.observer.tracer = tracer
    this.#setSampleInterval(sampleInterval)
  }

  /** Versions of the API differ only in what is not used here. */
  get #tracer(): Tracer {
    return (this.#tracerProvider?.getTracer(scopeName) as Tracer | undefined) ?? globalTracer(scopeName)
  }

  #apply(): void {
    const { enableMetrics, latencySampleRatio, enableOperationTracing, enableSlowQueryLog } = this.#options
    const { slowQueryThresholdMs: thresholdMs, adaptiveSlowThreshold: isAdaptive } = this.#options
    const { observer } = this.#registry
    this.#registry.enabled = enableMetrics
    this.#setSampleInterval(Math.round(1 / latencySampleRatio))
    observer.tracer = enableOperationTracing ? this.#tracer : undefined
    this.#slowLog.enabled = enableSlowQueryLog
    this.#slowLog.setThreshold({ thresholdMs, isAdaptive })
  }

  #setSampleInterval(sampleInterval: number): void {
    this.#registry.observer.sampleInterval = sampleInterval
    this.#registry.setGauge('wombat_monitor_latency_sample_ratio', 1 / sampleInterval)
  }
}

function validateChanges(changes: Partial<RuntimeOptions>): string[] {
  if (typeof changes !== 'object' || changes === null) {
    return [`adjust takes an object with any of ${runtimeOptionNames.join(', ')}, got ${describeValue(changes)}`]
  }
  return Object.entries(changes).flatMap(([name, value]) => {
    const option = runtimeOptionNames.find((one) => one === name)
    if (option === undefined) return [`${name} cannot be changed while monitoring runs${suggest(name, runtimeOptionNames)}`]
    const { schema } = options[option]
    return schema.parse(value) !== undefined ? [] : [formatIssue(option, schema, value, optionDescription(option))]
  })
}
