import { type TracerProvider, trace } from '@opentelemetry/api'
import { type MetricsRegistry, scopeName } from '@wombat/instrumentation'
import { ConfigError } from './config.ts'
import { complaint, nearest } from './config-complaint.ts'
import { descriptionOf, type OptionValues, options } from './config-options.ts'
import type { SlowOperations } from './operations/slow-operations.ts'

/** The options that say how closely operations are looked at: they can be changed at any time. */
const detailNames = [
  'enableMetrics',
  'latencySampleRatio',
  'enableSlowQueryLog',
  'slowQueryThresholdMs',
  'enableOperationTracing',
] as const

export type DetailOptions = Pick<OptionValues, (typeof detailNames)[number]>

/** How closely the operations of a registry are looked at. */
export class Detail {
  readonly #registry: MetricsRegistry
  readonly #slow: SlowOperations
  readonly #tracerProvider: TracerProvider | undefined
  #now: DetailOptions

  /** @param tracerProvider whose spans they are (default: the global one). */
  constructor(registry: MetricsRegistry, slow: SlowOperations, options: DetailOptions, tracerProvider?: TracerProvider) {
    this.#registry = registry
    this.#slow = slow
    this.#tracerProvider = tracerProvider
    this.#now = options
    this.#apply(options)
  }

  get now(): DetailOptions {
    return this.#now
  }

  /** Changes what is given and leaves the rest. @throws ConfigError, and nothing is changed. */
  adjust(changes: Partial<DetailOptions>): void {
    const problems = problemsOf(changes)
    if (problems.length > 0) throw new ConfigError(problems)
    this.#now = { ...this.#now, ...changes }
    this.#apply(this.#now)
  }

  #apply(detail: DetailOptions): void {
    const { watch } = this.#registry
    this.#registry.enabled = detail.enableMetrics
    watch.timeOneIn = Math.round(1 / detail.latencySampleRatio)
    this.#registry.setGauge('wombat_monitor_latency_sample_ratio', 1 / watch.timeOneIn)
    watch.tracer = detail.enableOperationTracing ? (this.#tracerProvider ?? trace).getTracer(scopeName) : undefined
    this.#slow.enabled = detail.enableSlowQueryLog
    this.#slow.setThreshold(detail.slowQueryThresholdMs)
  }
}

function problemsOf(changes: Partial<DetailOptions>): string[] {
  return Object.entries(changes).flatMap(([name, value]) => {
    const known = detailNames.find((one) => one === name)
    if (known === undefined) return [`${name} cannot be changed while monitoring runs${nearest(name, detailNames)}`]
    const { schema } = options[known]
    return schema.safeParse(value).success ? [] : [complaint(known, schema, value, descriptionOf(known))]
  })
}
