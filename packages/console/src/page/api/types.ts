/** What the JSON API answers. Times are Unix milliseconds; what is unknown is left out. */

export type HealthStatus = 'healthy' | 'degraded' | 'unhealthy' | 'critical' | 'unknown'
export type QueryFunction = 'value' | 'rate' | 'increase' | 'quantile' | 'min' | 'max' | 'avg'
export type MetricKind = 'counter' | 'gauge' | 'histogram' | 'summary'
export type Labels = Readonly<Record<string, string>>
/** Numbers that JSON cannot express are texts. */
export type JsonNumber = number | 'NaN' | '+Inf' | '-Inf'

export interface SessionAnswer {
  readonly authentication: 'none' | 'token'
  readonly signedIn: boolean
  readonly canChange: boolean
  readonly csrfToken?: string
  readonly service?: { readonly name?: string; readonly version?: string }
  readonly version?: string
  readonly startedAtMs?: number
}

export interface StoreState {
  readonly store: string
  readonly engine?: string
  readonly engineVersion?: string
  readonly adapter?: string
  readonly state: 'open' | 'opening' | 'closed'
  readonly health: HealthStatus
  readonly operationsPerSecond?: number
  readonly errorsPerSecond?: number
  readonly errorShare?: number
  readonly p99Seconds?: number
  readonly queueDepth?: number
  readonly oldestOperationSeconds?: number
  readonly sizeBytes?: number
  readonly memoryBytes?: number
  readonly hitRatio?: number
  readonly firing: number
  readonly pending: number
  readonly operations: readonly string[]
  /** The names of the metrics that have a series now, without `_bucket`, `_sum` and `_count`. */
  readonly metrics: readonly string[]
}

export interface StoresAnswer {
  readonly timeMs: number
  readonly stores: readonly StoreState[]
}

export interface CatalogMetric {
  readonly name: string
  readonly kind: MetricKind
  readonly unit?: string
  readonly description?: string
  readonly labels: readonly string[]
  readonly series: number
}

export interface CatalogAnswer {
  readonly metrics: readonly CatalogMetric[]
}

export interface CatalogMetricAnswer extends CatalogMetric {
  readonly values: Readonly<Record<string, readonly string[]>>
}

export interface InstantSeries {
  readonly metric?: string
  readonly labels: Labels
  readonly quantile?: number
  readonly value: JsonNumber
}

export interface QueryAnswer {
  readonly timeMs: number
  readonly series: readonly InstantSeries[]
}

export interface RangeSeries {
  readonly metric?: string
  readonly labels: Labels
  readonly quantile?: number
  readonly points: readonly (readonly [timeMs: number, value: JsonNumber])[]
}

export interface QueryRangeAnswer {
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
  readonly series: readonly RangeSeries[]
}

export interface HeatMapAnswer {
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
  readonly bounds: readonly JsonNumber[]
  /** The increase of each bucket in the step that ends at the time. */
  readonly columns: readonly (readonly [timeMs: number, counts: readonly number[]])[]
}

export const eventKinds = [
  'flush',
  'compaction',
  'write_stall',
  'health_change',
  'alert',
  'slow_operations',
  'event_loop_block',
  'store_opened',
  'store_closed',
  'settings',
  'notification',
  'silence',
  'process',
  'annotation',
  'clock',
] as const
export type EventKind = (typeof eventKinds)[number]

export interface TimelineEvent {
  readonly id: string
  /** A later event with the same key replaces the earlier one. */
  readonly key: string
  readonly kind: EventKind
  readonly startMs: number
  /** Absent for an event without a duration, and while one lasts. */
  readonly endMs?: number
  readonly store?: string
  readonly worker?: string
  readonly severity: 'info' | 'warning' | 'critical'
  readonly title: string
  readonly details: Readonly<Record<string, unknown>>
}

export interface EventsAnswer {
  readonly events: readonly TimelineEvent[]
  readonly lastId?: string
  readonly missed: number
}

export interface HealthCheck {
  readonly name: string
  readonly store?: string
  readonly status: HealthStatus
  readonly message: string
  readonly lastCheckMs?: number
  readonly sinceMs?: number
  readonly durationSeconds?: number
  readonly observed?: { readonly name: string; readonly value: JsonNumber; readonly unit?: string; readonly bound?: JsonNumber }
  readonly reason?: string
  readonly cause?: { readonly message: string; readonly check?: string; readonly store?: string }
  readonly nextSteps?: readonly string[]
  readonly trend?: {
    readonly direction: string
    readonly perHour: number
    readonly overSeconds: number
    readonly forecast?: string
  }
  readonly runbookUrl?: string
}

export interface HealthChange {
  readonly timeMs: number
  readonly name: string
  readonly store?: string
  readonly from: HealthStatus
  readonly to: HealthStatus
  readonly message: string
}

export interface HealthAnswer {
  readonly status: HealthStatus
  readonly timeMs: number
  readonly phase: 'starting' | 'running' | 'stopping' | 'off'
  readonly checks: readonly HealthCheck[]
  readonly changes?: readonly HealthChange[]
}

export interface AlertState {
  readonly rule: string
  readonly labels: Labels
  readonly annotations: Labels
  readonly state: {
    readonly name: 'inactive' | 'pending' | 'firing'
    readonly activeAtMs?: number
    readonly firedAtMs?: number
    readonly resolvedAtMs?: number
  }
  readonly value?: JsonNumber
  readonly silencedUntilMs?: number
}

export interface AlertTransition {
  readonly atMs: number
  readonly from: string
  readonly to: string
  readonly alert: AlertState
}

export interface NotificationRecord {
  readonly atMs: number
  readonly notifier: string
  readonly rule: string
  readonly result: 'sent' | 'failed' | 'dropped' | 'silenced'
  readonly reason?: string
}

export interface RuleState {
  readonly name: string
  readonly condition?: string
  readonly metric?: string
  readonly severity?: string
  readonly threshold?: number
  readonly state?: 'firing' | 'pending' | 'inactive'
  readonly alerts?: number
  readonly evaluatedAtMs?: number
  readonly error?: string
  readonly hasMatched?: boolean
  readonly unit?: string
  readonly [field: string]: unknown
}

export interface AlertsAnswer {
  readonly alerts: readonly AlertState[]
  readonly rules: readonly RuleState[]
  readonly transitions: readonly AlertTransition[]
  readonly notifications?: readonly NotificationRecord[]
}

export interface RulesAnswer {
  readonly rules: readonly RuleState[]
}

export interface RuleValuesAnswer extends QueryRangeAnswer {
  readonly rule: string
  readonly threshold?: number
  readonly clearThreshold?: number
  readonly direction?: 'above' | 'below'
  readonly unit?: string
}

export interface Silence {
  readonly id: string
  readonly matchers: Labels
  readonly startMs: number
  readonly endMs: number
  readonly comment?: string
  readonly alerts?: number
}

export interface SilencesAnswer {
  readonly silences: readonly Silence[]
}

export interface SlowOperation {
  readonly timeMs: number
  readonly store: string
  readonly operation: string
  readonly durationSeconds: number
  readonly storeSeconds?: number
  readonly loopSeconds?: number
  readonly poolSeconds?: number
  readonly cause: 'store' | 'event_loop' | 'thread_pool'
  readonly eventLoopDelaySeconds?: number
  readonly entries?: number
  readonly keyBytes?: number
  readonly valueBytes?: number
  readonly inFlight?: number
  readonly isFailed: boolean
  readonly traceId?: string
  readonly spanId?: string
}

export interface SlowOperationsAnswer {
  readonly slowOperations: readonly SlowOperation[]
  readonly thresholdSeconds: number
  readonly adaptiveThresholds: readonly { readonly store: string; readonly operation: string; readonly seconds: number }[]
  readonly suppressed: number
  readonly enabled: boolean
  readonly total?: number
}

export interface ErrorRecord {
  readonly firstMs: number
  readonly lastMs: number
  readonly store: string
  readonly operation: string
  readonly errorType: string
  readonly count: number
  readonly message?: string
}

export interface ErrorsAnswer {
  readonly errors: readonly ErrorRecord[]
  readonly ratePerSecond?: number
  readonly countsByType: Readonly<Record<string, number>>
  readonly windowSeconds: number
  readonly knownSinceMs?: number
  readonly total?: number
}

export interface WorkersAnswer {
  readonly workers: readonly {
    readonly worker: string
    readonly pid?: number
    readonly state: string
    readonly lastAnswerMs?: number
  }[]
}

export interface ConfigAnswer {
  readonly options: readonly {
    readonly option: string
    readonly value: unknown
    readonly source: string
    readonly variable?: string
    readonly description?: string
    readonly allowed?: unknown
  }[]
  readonly settings: readonly SettingState[]
}

export interface SettingState {
  readonly setting: string
  readonly value: unknown
  readonly startValue?: unknown
  readonly allowed?: unknown
  readonly description?: string
  readonly cost?: string
}

/** The answers of `GET`, by path. */
export interface GetAnswers {
  readonly 'api/v1/session': SessionAnswer
  readonly 'api/v1/stores': StoresAnswer
  readonly 'api/v1/catalog': CatalogAnswer
  readonly [catalogMetric: `api/v1/catalog/${string}`]: CatalogMetricAnswer
  readonly 'api/v1/query': QueryAnswer
  readonly 'api/v1/query_range': QueryRangeAnswer
  readonly 'api/v1/heatmap': HeatMapAnswer
  readonly 'api/v1/events': EventsAnswer
  readonly 'api/v1/health': HealthAnswer
  readonly 'api/v1/alerts': AlertsAnswer
  readonly 'api/v1/rules': RulesAnswer
  readonly [ruleValues: `api/v1/rules/${string}/values`]: RuleValuesAnswer
  readonly 'api/v1/silences': SilencesAnswer
  readonly 'api/v1/slow-operations': SlowOperationsAnswer
  readonly 'api/v1/errors': ErrorsAnswer
  readonly 'api/v1/workers': WorkersAnswer
  readonly 'api/v1/config': ConfigAnswer
}

/** The answers of `POST`, by path. */
export interface PostAnswers {
  readonly 'api/v1/session': undefined
  readonly 'api/v1/health/run': HealthAnswer
  readonly 'api/v1/silences': Silence
  readonly 'api/v1/settings': { readonly settings: readonly SettingState[] }
}
