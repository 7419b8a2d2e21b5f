import { type Tracer, type TracerProvider, trace } from '@opentelemetry/api'
import { type MetricsRegistry, scopeName } from '@wombat/instrumentation'
import { ConfigError } from './config.ts'
import { complaint, describeValue, nearest } from './config-complaint.ts'
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

/** How closely they were looked at before anybody monitored them. */
interface Before {
  readonly isEnabled: boolean
  readonly timeOneIn: number
  readonly tracer: Tracer | undefined
}

/** How closely the operations of a registry are looked at. */
export class Detail {
  readonly #registry: MetricsRegistry
  readonly #slow: SlowOperations
  readonly #tracerProvider: TracerProvider | undefined
  readonly #before: Before
  #now: DetailOptions
  #isClosed = false

  /** @param tracerProvider whose spans they are (default: the global one). */
  constructor(registry: MetricsRegistry, slow: SlowOperations, options: DetailOptions, tracerProvider?: TracerProvider) {
    this.#registry = registry
    this.#slow = slow
    this.#tracerProvider = tracerProvider
    this.#now = options
    this.#before = { isEnabled: registry.enabled, timeOneIn: registry.watch.timeOneIn, tracer: registry.watch.tracer }
    this.#apply(options)
  }

  /** Changes what is given and leaves the rest. @throws ConfigError, and nothing is changed. */
  adjust(changes: Partial<DetailOptions>): void {
    const problems = problemsOf(changes)
    if (problems.length > 0) throw new ConfigError(problems)
    this.#now = { ...this.#now, ...changes }
    if (!this.#isClosed) this.#apply(this.#now)
  }

  /** Operations are looked at as they were before: the stores of a MeterProvider live longer than who monitors them. */
  close(): void {
    this.#isClosed = true
    const { isEnabled, timeOneIn, tracer } = this.#before
    this.#registry.enabled = isEnabled
    this.#registry.watch.tracer = tracer
    this.#timeOneIn(timeOneIn)
  }

  #apply(detail: DetailOptions): void {
    const { watch } = this.#registry
    this.#registry.enabled = detail.enableMetrics
    this.#timeOneIn(Math.round(1 / detail.latencySampleRatio))
    watch.tracer = detail.enableOperationTracing ? (this.#tracerProvider ?? trace).getTracer(scopeName) : undefined
    this.#slow.enabled = detail.enableSlowQueryLog
    this.#slow.setThreshold(detail.slowQueryThresholdMs)
  }

  #timeOneIn(count: number): void {
    this.#registry.watch.timeOneIn = count
    this.#registry.setGauge('wombat_monitor_latency_sample_ratio', 1 / count)
  }
}

function problemsOf(changes: Partial<DetailOptions>): string[] {
  if (typeof changes !== 'object' || changes === null) {
    return [`what is to be changed must be an object with ${detailNames.join(', ')}, got ${describeValue(changes)}`]
  }
  return Object.entries(changes).flatMap(([name, value]) => {
    const known = detailNames.find((one) => one === name)
    if (known === undefined) return [`${name} cannot be changed while monitoring runs${nearest(name, detailNames)}`]
    const { schema } = options[known]
    return schema.safeParse(value).success ? [] : [complaint(known, schema, value, descriptionOf(known))]
  })
}
