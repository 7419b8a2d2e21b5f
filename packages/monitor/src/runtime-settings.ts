import { type Tracer, type TracerProvider, trace } from '@opentelemetry/api'
import { type MetricsRegistry, scopeName } from '@wombat/instrumentation'
import { type OptionValues, optionDescription, options } from './config/options.ts'
import { ConfigError } from './config/resolve-config.ts'
import { describeValue, formatIssue, suggest } from './format-issue.ts'
import type { SlowLog } from './operations/slow-log.ts'

/** The options that say how closely operations are looked at: they can be changed at any time. */
const runtimeOptionNames = [
  'enableMetrics',
  'latencySampleRatio',
  'enableSlowQueryLog',
  'slowQueryThresholdMs',
  'enableOperationTracing',
] as const

export type RuntimeOptions = Pick<OptionValues, (typeof runtimeOptionNames)[number]>

/** How closely they were looked at before anybody monitored them. */
interface Before {
  readonly isEnabled: boolean
  readonly timeOneIn: number
  readonly tracer: Tracer | undefined
}

/** How closely the operations of a registry are looked at. */
export class RuntimeSettings {
  readonly #registry: MetricsRegistry
  readonly #slow: SlowLog
  readonly #tracerProvider: TracerProvider | undefined
  readonly #before: Before
  #now: RuntimeOptions
  #isClosed = false

  /** @param tracerProvider whose spans they are (default: the global one). */
  constructor(registry: MetricsRegistry, slow: SlowLog, options: RuntimeOptions, tracerProvider?: TracerProvider) {
    this.#registry = registry
    this.#slow = slow
    this.#tracerProvider = tracerProvider
    this.#now = options
    this.#before = { isEnabled: registry.enabled, timeOneIn: registry.observer.sampleInterval, tracer: registry.observer.tracer }
    this.#apply(options)
  }

  /** Changes what is given and leaves the rest. @throws ConfigError, and nothing is changed. */
  adjust(changes: Partial<RuntimeOptions>): void {
    const problems = validateChanges(changes)
    if (problems.length > 0) throw new ConfigError(problems)
    this.#now = { ...this.#now, ...changes }
    if (!this.#isClosed) this.#apply(this.#now)
  }

  /** Operations are looked at as they were before: the stores of a MeterProvider live longer than who monitors them. */
  close(): void {
    this.#isClosed = true
    const { isEnabled, timeOneIn, tracer } = this.#before
    this.#registry.enabled = isEnabled
    this.#registry.observer.tracer = tracer
    this.#timeOneIn(timeOneIn)
  }

  #apply(detail: RuntimeOptions): void {
    const { observer } = this.#registry
    this.#registry.enabled = detail.enableMetrics
    this.#timeOneIn(Math.round(1 / detail.latencySampleRatio))
    observer.tracer = detail.enableOperationTracing ? (this.#tracerProvider ?? trace).getTracer(scopeName) : undefined
    this.#slow.enabled = detail.enableSlowQueryLog
    this.#slow.setThreshold(detail.slowQueryThresholdMs)
  }

  #timeOneIn(count: number): void {
    this.#registry.observer.sampleInterval = count
    this.#registry.setGauge('wombat_monitor_latency_sample_ratio', 1 / count)
  }
}

function validateChanges(changes: Partial<RuntimeOptions>): string[] {
  if (typeof changes !== 'object' || changes === null) {
    return [`what is to be changed must be an object with ${runtimeOptionNames.join(', ')}, got ${describeValue(changes)}`]
  }
  return Object.entries(changes).flatMap(([name, value]) => {
    const known = runtimeOptionNames.find((one) => one === name)
    if (known === undefined) return [`${name} cannot be changed while monitoring runs${suggest(name, runtimeOptionNames)}`]
    const { schema } = options[known]
    return schema.safeParse(value).success ? [] : [formatIssue(known, schema, value, optionDescription(known))]
  })
}
