import type { Tracer } from '@opentelemetry/api'
import { type MetricsRegistry, scopeName } from '@wombat/instrumentation'
import { globalTracer } from '@wombat/instrumentation/internal'
import type { Component } from '../component.ts'
import type { SlowLog } from '../operations/slow-log.ts'
import { describeFirst, describeValue, formatIssue, suggest } from '../validation/format-issue.ts'
import { ConfigError } from './errors.ts'
import { type OptionName, type OptionValues, optionDescription, options } from './options.ts'
import type { AnyTracerProvider } from './structured-options.ts'

/** The options that can be changed while monitoring runs, each with what it costs. `test/bench` has measured the numbers. */
const costs = {
  enableMetrics:
    'Counting and timing take 10 ns per operation, and reading the clock twice about as long as an operation of a Map. If off, counters stand still, and alerts and health checks see no traffic.',
  latencySampleRatio:
    'At 1/16, an operation costs 26 to 40 ns in all, and is still counted. Quantiles of rare operations become inexact: an operation must run 16 times as often for as many values.',
  overheadBudget:
    'Below it, nothing. At the budget, quantiles of frequent operations become inexact; rare operations are always timed.',
  enableSlowQueryLog:
    'At most 10 lines at once and one per second, and the last 1000 operations in memory. If off, no slow operation is logged, kept or counted.',
  slowQueryThresholdMs:
    'None, as long as few operations reach it. If many do, each of them is kept, the oldest ones are lost, and the log leaves lines out.',
  adaptiveSlowThreshold:
    'The quantile of each kind of operation, every 10 seconds. If off, an operation that takes ten times as long as usual is not reported before it reaches slowQueryThresholdMs.',
  enableOperationTracing:
    "A span that goes nowhere takes 1.3 µs per operation, 0.7 µs if the sampler drops it. The application's exporter costs more, unless its sampler drops most spans.",
} as const satisfies Partial<Record<OptionName, string>>

type RuntimeOptionName = keyof typeof costs

const runtimeOptionNames = Object.keys(costs) as readonly RuntimeOptionName[]

/** The options that can be changed while monitoring runs. */
export type RuntimeOptions = Pick<OptionValues, RuntimeOptionName>

/** An option that can be changed while monitoring runs. */
export interface RuntimeSetting {
  readonly setting: RuntimeOptionName
  readonly value: unknown
  /** The value at the start. */
  readonly startValue: unknown
  /** The values that are allowed, in words, with their unit. */
  readonly allowed: string
  readonly description: string
  /** What it costs, in words. */
  readonly cost: string
}

/** A setting that was changed, with its value before and after. */
export interface SettingChange {
  readonly setting: string
  readonly from: unknown
  readonly to: unknown
}

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
  readonly budgetShare: number | undefined
  readonly tracer: Tracer | undefined
}

/** Applies the runtime options to a registry, and restores its previous settings at the end. */
export class RuntimeSettings implements Component {
  readonly #registry: MetricsRegistry
  readonly #slowLog: SlowLog
  readonly #tracerProvider: AnyTracerProvider | undefined
  readonly #startOptions: RuntimeOptions
  #options: RuntimeOptions
  #previous: PreviousSettings | undefined
  #removeGauges: ReadonlyArray<() => void> = []

  constructor({ registry, slowLog, options, tracerProvider }: RuntimeSettingsOptions) {
    this.#registry = registry
    this.#slowLog = slowLog
    this.#tracerProvider = tracerProvider
    this.#options = options
    this.#startOptions = options
  }

  /** Returns every setting with its value now and at the start. */
  list(): RuntimeSetting[] {
    return runtimeOptionNames.map((setting) => ({
      setting,
      value: this.#options[setting],
      startValue: this.#startOptions[setting],
      allowed: options[setting].schema.description,
      description: optionDescription(setting),
      cost: costs[setting],
    }))
  }

  start(): void {
    const { enabled, observer } = this.#registry
    const { sampleInterval, tracer, budget } = observer
    this.#previous = { isEnabled: enabled, sampleInterval, tracer, budgetShare: budget.share }
    this.#apply()
    const timedShare = (): number | undefined => {
      return budget.share === undefined ? 1 / observer.sampleInterval : (budget.timedShare ?? 1 / observer.sampleInterval)
    }
    this.#removeGauges = [
      this.#registry.gauge('wombat_monitor_latency_sample_ratio').observe(timedShare),
      this.#registry.gauge('wombat_monitor_overhead_ratio').observe(() => budget.spentShare),
    ]
  }

  /**
   * Changes the given options and keeps the others; returns those whose value was another one. Has no effect after `close`.
   *
   * @throws ConfigError; then no option is changed.
   */
  adjust(changes: Partial<RuntimeOptions>): SettingChange[] {
    const problems = validateChanges(changes)
    if (problems.length > 0) throw new ConfigError(problems)
    const before = this.#options
    this.#options = { ...before, ...changes }
    if (this.#previous === undefined) return []
    this.#apply()
    const changed = runtimeOptionNames.filter((setting) => before[setting] !== this.#options[setting])
    return changed.map((setting) => ({ setting, from: before[setting], to: this.#options[setting] }))
  }

  /** Restores the previous settings: the stores of a MeterProvider outlive their monitoring. */
  close(): void {
    if (this.#previous === undefined) return
    const { isEnabled, sampleInterval, tracer, budgetShare } = this.#previous
    const { observer } = this.#registry
    this.#previous = undefined
    this.#registry.enabled = isEnabled
    observer.tracer = tracer
    observer.budget.share = budgetShare
    observer.sampleInterval = sampleInterval
    for (const remove of this.#removeGauges) remove()
  }

  /** Versions of the API differ only in what is not used here. */
  get #tracer(): Tracer {
    return (this.#tracerProvider?.getTracer(scopeName) as Tracer | undefined) ?? globalTracer(scopeName)
  }

  #apply(): void {
    const { enableMetrics, latencySampleRatio, overheadBudget, enableOperationTracing, enableSlowQueryLog } = this.#options
    const { slowQueryThresholdMs: thresholdMs, adaptiveSlowThreshold: isAdaptive } = this.#options
    const { observer } = this.#registry
    this.#registry.enabled = enableMetrics
    observer.sampleInterval = Math.round(1 / latencySampleRatio)
    observer.budget.share = overheadBudget === 1 ? undefined : overheadBudget
    observer.tracer = enableOperationTracing ? this.#tracer : undefined
    this.#slowLog.enabled = enableSlowQueryLog
    this.#slowLog.setThreshold({ thresholdMs, isAdaptive })
  }
}

function validateChanges(changes: Partial<RuntimeOptions>): string[] {
  if (typeof changes !== 'object' || changes === null) {
    return [`adjust takes an object with any of ${runtimeOptionNames.join(', ')}, got ${describeValue(changes)}`]
  }
  const unknown = Object.keys(changes).filter((name) => !runtimeOptionNames.some((one) => one === name))
  return [
    ...runtimeOptionNames.flatMap((option) => {
      if (!Object.hasOwn(changes, option)) return []
      const { schema } = options[option]
      const value = changes[option]
      return schema.parse(value) !== undefined ? [] : [formatIssue(option, schema, value, optionDescription(option))]
    }),
    ...describeFirst(unknown, (name) => `${name} cannot be changed while monitoring runs${suggest(name, runtimeOptionNames)}`),
  ]
}
