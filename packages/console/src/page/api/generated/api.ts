// Generated from the OpenAPI description of the monitor by `npm run generate`. Do not edit.

/**
 * A number; those that JSON cannot express are texts.
 */
export type JsonValue = number | ('NaN' | '+Inf' | '-Inf')
/**
 * One series of a metric.
 */
export type Metric = MetricNumber | MetricDistribution
/**
 * A time and the value at it.
 *
 * @minItems 2
 * @maxItems 2
 */
export type RangePoint = [number, JsonValue]
/**
 * How many values fell into each bucket in one step.
 *
 * @minItems 2
 * @maxItems 2
 */
export type HeatmapColumn = [number, number[]]
/**
 * Something that happened, by its kind.
 */
export type Event =
  | FlushEvent
  | CompactionEvent
  | WriteStallEvent
  | HealthChangeEvent
  | AlertEvent
  | SlowOperationsEvent
  | EventLoopBlockEvent
  | StoreOpenedEvent
  | StoreClosedEvent
  | SettingsEvent
  | NotificationEvent
  | SilenceEvent
  | ProcessEvent
  | AnnotationEvent
  | AuditEvent
  | ClockEvent

export interface Session {
  /**
   * what clients can sign in with; `none`: nothing is required
   */
  authentication: 'none' | 'token' | 'password' | 'both'
  signedIn: boolean
  /**
   * whether the client may change something, with `csrfToken` or the token
   */
  canChange: boolean
  /**
   * name of the token or the user
   */
  user?: string
  /**
   * what the client may do; left out if nothing is required
   */
  scope?: 'read-only' | 'admin'
  /**
   * value of the header `X-Wombat-Csrf` of every change without the token
   */
  csrfToken?: string
  /**
   * the application
   */
  service?: {
    name?: string
    version?: string
  }
  /**
   * the version of the monitor
   */
  version?: string
  /**
   * when the monitoring started
   */
  startedAtMs?: number
}
/**
 * Names and values that tell the series of a metric apart.
 */
export interface Attributes {
  [k: string]: string | number | boolean | unknown[]
}
export interface MetricQuantile {
  /**
   * 0.99 is the 99th percentile
   */
  quantile: number
  value: number
}
export interface MetricNumber {
  name: string
  /**
   * in UCUM: `s`, `By`, `1` or an annotation such as `{operation}`
   */
  unit: string
  labels: Attributes
  /**
   * Unix time in milliseconds
   */
  timestamp: number
  type: 'counter' | 'gauge'
  value: JsonValue
}
export interface MetricDistribution {
  name: string
  /**
   * in UCUM: `s`, `By`, `1` or an annotation such as `{operation}`
   */
  unit: string
  labels: Attributes
  /**
   * Unix time in milliseconds
   */
  timestamp: number
  type: 'histogram' | 'summary'
  count: number
  sum: JsonValue
  min?: JsonValue
  max?: JsonValue
  /**
   * of the last one to two intervals of the history
   */
  quantiles: MetricQuantile[]
  /**
   * of all values since the start
   */
  quantilesSinceStart: MetricQuantile[]
  /**
   * cumulative; a summary has none
   */
  buckets?: {
    le: number | '+Inf'
    /**
     * number of values up to `le`
     */
    count: number
  }[]
  /**
   * values with their traces, the last one of each bucket; left out if there are none
   */
  exemplars?: Exemplar[]
}
/**
 * A recorded value with the trace that it belongs to.
 */
export interface Exemplar {
  /**
   * in the unit of the metric
   */
  value: number
  /**
   * Unix time in milliseconds
   */
  timeMs: number
  /**
   * 32 hexadecimal digits
   */
  traceId: string
  /**
   * 16 hexadecimal digits
   */
  spanId: string
}
/**
 * A ratio computed from other metrics.
 */
export interface DerivedNumber {
  name: 'db_write_amplification' | 'db_cache_hit_ratio' | 'db_space_amplification'
  labels: {
    store: string
  }
  value: number
}
export interface MetricsAnswer {
  metrics: Metric[]
  derived: DerivedNumber[]
}
/**
 * Names and values that tell series or alerts apart.
 */
export interface Labels {
  [k: string]: string
}
export interface AlertState {
  name: 'pending' | 'firing' | 'resolved'
  /**
   * when the condition began to hold
   */
  activeAtMs: number
  /**
   * when it fired
   */
  firedAtMs?: number
  /**
   * when it was resolved
   */
  resolvedAtMs?: number
  /**
   * since when it fires only because of `keepFiringForMs`
   */
  keepFiringSinceMs?: number
}
export interface Alert {
  /**
   * name of its rule
   */
  rule: string
  labels: Labels
  annotations: Labels
  state: AlertState
  value?: JsonValue
  /**
   * whether it is about missing data
   */
  isNoData?: boolean
  /**
   * until when its notifications are withheld
   */
  silencedUntilMs?: number
}
export interface EvaluatedRule {
  condition:
    | 'metric_above'
    | 'metric_below'
    | 'metric_absent'
    | 'rate_above'
    | 'rate_below'
    | 'ratio_above'
    | 'ratio_below'
    | 'share_above'
    | 'share_below'
    | 'quantile_above'
    | 'quantile_below'
    | 'forecast_above'
    | 'forecast_below'
  metric: string
  /**
   * metric that `metric` is divided by
   */
  of?: string
  where?: Labels
  /**
   * labels by which series are added up
   */
  by?: string[]
  /**
   * window of a rate, quantile or forecast, in milliseconds
   */
  windowMs?: number
  /**
   * 0.99 is the 99th percentile
   */
  quantile?: number
  /**
   * how far ahead a forecast looks, in milliseconds
   */
  aheadMs?: number
  /**
   * in the unit of the metric
   */
  threshold?: number
  name: string
  severity: 'info' | 'warning' | 'critical' | 'emergency'
  /**
   * how long the condition must hold before the alert fires, in milliseconds
   */
  durationMs?: number
  /**
   * how long the alert keeps firing after the condition stopped holding, in milliseconds
   */
  keepFiringForMs?: number
  /**
   * replaces `threshold` while the alert fires
   */
  clearThreshold?: number
  /**
   * a second condition that must hold for the same labels
   */
  onlyIf?: {
    condition:
      | 'metric_above'
      | 'metric_below'
      | 'metric_absent'
      | 'rate_above'
      | 'rate_below'
      | 'ratio_above'
      | 'ratio_below'
      | 'share_above'
      | 'share_below'
      | 'quantile_above'
      | 'quantile_below'
      | 'forecast_above'
      | 'forecast_below'
    metric: string
    /**
     * metric that `metric` is divided by
     */
    of?: string
    where?: Labels
    /**
     * labels by which series are added up
     */
    by?: string[]
    /**
     * window of a rate, quantile or forecast, in milliseconds
     */
    windowMs?: number
    /**
     * 0.99 is the 99th percentile
     */
    quantile?: number
    /**
     * how far ahead a forecast looks, in milliseconds
     */
    aheadMs?: number
    /**
     * in the unit of the metric
     */
    threshold?: number
  }
  /**
   * the labels that are compared with those of `onlyIf`
   */
  onlyIfBy?: string[]
  noData?: 'resolve' | 'keep' | 'alert'
  onError?: 'keep' | 'alert'
  labels?: Labels
  annotations?: Labels
  runbookUrl?: string
  /**
   * as `name`
   */
  rule: string
  /**
   * when it was evaluated last
   */
  evaluatedAtMs?: number
  /**
   * why the last evaluation failed
   */
  error?: string
  /**
   * whether it has found a series since the start
   */
  hasMatched: boolean
}
export interface AlertTransition {
  /**
   * Unix time in milliseconds
   */
  atMs: number
  from: 'inactive' | 'pending' | 'firing' | 'resolved'
  to: 'inactive' | 'pending' | 'firing' | 'resolved'
  alert: Alert
}
export interface AlertsAnswer {
  alerts: Alert[]
  rules: EvaluatedRule[]
  /**
   * the last 1000, oldest first
   */
  transitions: AlertTransition[]
  /**
   * the last 200, newest first
   */
  notifications: NotificationRecord[]
}
export interface NotificationRecord {
  /**
   * Unix time in milliseconds
   */
  atMs: number
  notifier: string
  rule: string
  /**
   * `failed`: it is tried again
   */
  result: 'sent' | 'failed' | 'dropped' | 'silenced'
  /**
   * why it failed or was dropped
   */
  reason?: string
}
export interface Rule {
  condition:
    | 'metric_above'
    | 'metric_below'
    | 'metric_absent'
    | 'rate_above'
    | 'rate_below'
    | 'ratio_above'
    | 'ratio_below'
    | 'share_above'
    | 'share_below'
    | 'quantile_above'
    | 'quantile_below'
    | 'forecast_above'
    | 'forecast_below'
  metric: string
  /**
   * metric that `metric` is divided by
   */
  of?: string
  where?: Labels
  /**
   * labels by which series are added up
   */
  by?: string[]
  /**
   * window of a rate, quantile or forecast, in milliseconds
   */
  windowMs?: number
  /**
   * 0.99 is the 99th percentile
   */
  quantile?: number
  /**
   * how far ahead a forecast looks, in milliseconds
   */
  aheadMs?: number
  /**
   * in the unit of the metric
   */
  threshold?: number
  name: string
  severity: 'info' | 'warning' | 'critical' | 'emergency'
  /**
   * how long the condition must hold before the alert fires, in milliseconds
   */
  durationMs?: number
  /**
   * how long the alert keeps firing after the condition stopped holding, in milliseconds
   */
  keepFiringForMs?: number
  /**
   * replaces `threshold` while the alert fires
   */
  clearThreshold?: number
  /**
   * a second condition that must hold for the same labels
   */
  onlyIf?: {
    condition:
      | 'metric_above'
      | 'metric_below'
      | 'metric_absent'
      | 'rate_above'
      | 'rate_below'
      | 'ratio_above'
      | 'ratio_below'
      | 'share_above'
      | 'share_below'
      | 'quantile_above'
      | 'quantile_below'
      | 'forecast_above'
      | 'forecast_below'
    metric: string
    /**
     * metric that `metric` is divided by
     */
    of?: string
    where?: Labels
    /**
     * labels by which series are added up
     */
    by?: string[]
    /**
     * window of a rate, quantile or forecast, in milliseconds
     */
    windowMs?: number
    /**
     * 0.99 is the 99th percentile
     */
    quantile?: number
    /**
     * how far ahead a forecast looks, in milliseconds
     */
    aheadMs?: number
    /**
     * in the unit of the metric
     */
    threshold?: number
  }
  /**
   * the labels that are compared with those of `onlyIf`
   */
  onlyIfBy?: string[]
  noData?: 'resolve' | 'keep' | 'alert'
  onError?: 'keep' | 'alert'
  labels?: Labels
  annotations?: Labels
  runbookUrl?: string
  /**
   * as `name`
   */
  rule: string
  state: 'firing' | 'pending' | 'inactive'
  /**
   * alerts that fire or are pending
   */
  alerts: number
  /**
   * when it was evaluated last
   */
  evaluatedAtMs?: number
  /**
   * why the last evaluation failed
   */
  error?: string
  /**
   * whether it has found a series since the start
   */
  hasMatched: boolean
  /**
   * of what it compares with its threshold, in UCUM
   */
  unit?: string
}
export interface RulesAnswer {
  rules: Rule[]
}
export interface RuleSeries {
  labels: Labels
  points: RangePoint[]
}
export interface RuleValues {
  rule: string
  threshold?: number
  /**
   * replaces `threshold` while the alert fires
   */
  clearThreshold?: number
  /**
   * on which side of the threshold the condition holds
   */
  direction?: 'above' | 'below'
  /**
   * in UCUM
   */
  unit?: string
  /**
   * Unix time in milliseconds
   */
  startMs: number
  /**
   * Unix time in milliseconds
   */
  endMs: number
  stepMs: number
  series: RuleSeries[]
}
export interface NewSilence {
  matchers: Labels
  /**
   * from 1 s to 30 days
   */
  durationSeconds: number
  comment?: string
}
export interface Silence {
  id: string
  matchers: Labels
  /**
   * Unix time in milliseconds
   */
  startMs: number
  /**
   * Unix time in milliseconds
   */
  endMs: number
  comment?: string
  /**
   * alerts that it matches now, firing or pending
   */
  alerts: number
}
export interface SilencesAnswer {
  silences: Silence[]
}
export interface Store {
  /**
   * its name
   */
  store: string
  engine?: string
  engineVersion?: string
  adapter?: string
  state: 'open' | 'opening' | 'closed'
  health: 'healthy' | 'degraded' | 'unknown' | 'unhealthy' | 'critical'
  operationsPerSecond?: number
  errorsPerSecond?: number
  /**
   * failed operations per operation
   */
  errorShare?: number
  /**
   * of all its operations
   */
  p99Seconds?: number
  /**
   * operations in flight
   */
  queueDepth?: number
  oldestOperationSeconds?: number
  /**
   * of its files
   */
  sizeBytes?: number
  memoryBytes?: number
  /**
   * of its cache
   */
  hitRatio?: number
  /**
   * alerts that fire
   */
  firing: number
  /**
   * alerts that are pending
   */
  pending: number
  /**
   * the operations that it has
   */
  operations: string[]
  /**
   * the metrics that have a series of it now
   */
  metrics: string[]
}
export interface StoresAnswer {
  /**
   * Unix time in milliseconds
   */
  timeMs: number
  /**
   * sorted by name
   */
  stores: Store[]
}
export interface QuerySeries {
  /**
   * left out if metrics may be combined
   */
  metric?: string
  labels: Labels
  /**
   * 0.99 is the 99th percentile
   */
  quantile?: number
  value: JsonValue
}
export interface QueryAnswer {
  /**
   * Unix time in milliseconds
   */
  timeMs: number
  /**
   * histograms that are left out, because the memory of the history had no room for all of their buckets
   */
  incomplete?: number
  series: QuerySeries[]
}
export interface RangeSeries {
  /**
   * left out if metrics may be combined
   */
  metric?: string
  labels: Labels
  /**
   * 0.99 is the 99th percentile
   */
  quantile?: number
  points: RangePoint[]
}
export interface RangeAnswer {
  /**
   * Unix time in milliseconds
   */
  startMs: number
  /**
   * Unix time in milliseconds
   */
  endMs: number
  stepMs: number
  /**
   * histograms that are left out, because the memory of the history had no room for all of their buckets
   */
  incomplete?: number
  series: RangeSeries[]
}
/**
 * A recorded value with the trace that it belongs to.
 */
export interface HeatmapExemplar {
  metric: string
  labels: Labels
  /**
   * in the unit of the metric
   */
  value: number
  /**
   * the upper bound of its bucket
   */
  le: number | '+Inf'
  /**
   * Unix time in milliseconds
   */
  timeMs: number
  /**
   * 32 hexadecimal digits
   */
  traceId: string
  /**
   * 16 hexadecimal digits
   */
  spanId: string
}
export interface Heatmap {
  /**
   * Unix time in milliseconds
   */
  startMs: number
  /**
   * Unix time in milliseconds
   */
  endMs: number
  stepMs: number
  /**
   * histograms that are left out, because the memory of the history had no room for all of their buckets
   */
  incomplete?: number
  /**
   * upper bounds of the buckets, ascending
   */
  bounds: (number | '+Inf')[]
  /**
   * the steps in which values were recorded or none; unknown steps are left out
   */
  columns: HeatmapColumn[]
  /**
   * by time, the newest 500; left out if there are none
   */
  exemplars?: HeatmapExemplar[]
}
export interface CatalogMetric {
  name: string
  kind: 'counter' | 'gauge' | 'histogram' | 'summary'
  /**
   * in UCUM: `s`, `By`, `1` or an annotation such as `{operation}`
   */
  unit?: string
  description?: string
  /**
   * the names of its labels
   */
  labels: string[]
  /**
   * its series in the history; of a histogram, without its buckets
   */
  series: number
}
export interface Catalog {
  /**
   * sorted by name
   */
  metrics: CatalogMetric[]
}
export interface CatalogMetricAnswer {
  name: string
  kind: 'counter' | 'gauge' | 'histogram' | 'summary'
  /**
   * in UCUM: `s`, `By`, `1` or an annotation such as `{operation}`
   */
  unit?: string
  description?: string
  /**
   * the names of its labels
   */
  labels: string[]
  /**
   * its series in the history; of a histogram, without its buckets
   */
  series: number
  /**
   * the values of each label, at most 1000 each
   */
  values: {
    [k: string]: string[]
  }
}
export interface SlowOperation {
  /**
   * when it settled
   */
  timeMs: number
  store: string
  operation: string
  durationSeconds: number
  /**
   * lower limit of the time that the store took
   */
  storeSeconds: number
  /**
   * upper limit of the time that the result waited for the event loop
   */
  loopSeconds: number
  /**
   * upper limit of the time that it waited for a thread of the pool
   */
  poolSeconds: number
  /**
   * the largest part
   */
  cause: 'event_loop' | 'thread_pool' | 'store'
  eventLoopDelaySeconds: number
  /**
   * of a batch or a scan
   */
  entries?: number
  keyBytes?: number
  valueBytes?: number
  /**
   * operations of the store in flight, including itself
   */
  inFlight?: number
  isFailed: boolean
  traceId?: string
  spanId?: string
  /**
   * the process in which it ran, if there are several
   */
  worker?: string
}
/**
 * From when an operation is slow that usually takes much less.
 */
export interface SlowThreshold {
  store: string
  operation: string
  seconds: number
  /**
   * the process in which it ran, if there are several
   */
  worker?: string
}
export interface SlowOperationsAnswer {
  slowOperations: SlowOperation[]
  /**
   * on all pages
   */
  total: number
  /**
   * from when every operation is slow
   */
  thresholdSeconds: number
  adaptiveThresholds: SlowThreshold[]
  /**
   * lines that the log left out
   */
  suppressed: number
  enabled: boolean
}
export interface ErrorEntry {
  /**
   * of the first of these errors
   */
  firstMs: number
  /**
   * of the last of these errors
   */
  lastMs: number
  store: string
  operation: string
  /**
   * the value of the label `error_type`
   */
  errorType: string
  count: number
  /**
   * what the `errorRedactor` returned
   */
  message?: string
  /**
   * the process in which it ran, if there are several
   */
  worker?: string
}
export interface ErrorsAnswer {
  errors: ErrorEntry[]
  /**
   * entries on all pages
   */
  total: number
  /**
   * of the store; unknown if the window begins before `knownSinceMs`
   */
  ratePerSecond?: number
  /**
   * of the store
   */
  countsByType: {
    [k: string]: number
  }
  windowSeconds: number
  /**
   * since when every error is counted
   */
  knownSinceMs?: number
}
export interface Worker {
  /**
   * the value of the label `worker`
   */
  worker: string
  pid: number
  /**
   * left out for the main thread
   */
  thread?: number
  /**
   * `late`: it has not answered the last collection
   */
  state: 'current' | 'late'
  /**
   * when it answered last
   */
  lastAnswerMs: number
}
export interface WorkersAnswer {
  workers: Worker[]
}
export interface ConfigOption {
  option: string
  /**
   * secrets are `(secret)`; of an object or a function only a summary
   */
  value?: string | number | boolean | {}
  source: 'code' | 'environment' | 'default'
  /**
   * its environment variable
   */
  variable?: string
  description: string
  /**
   * the values that are allowed, in words
   */
  allowed: string
}
export interface RuntimeSetting {
  /**
   * name of the option
   */
  setting: string
  value: string | number | boolean
  /**
   * the value at the start
   */
  startValue: string | number | boolean
  /**
   * the values that are allowed, in words
   */
  allowed: string
  description: string
  /**
   * what it costs, in words
   */
  cost: string
}
export interface Config {
  options: ConfigOption[]
  settings: RuntimeSetting[]
}
export interface SettingsAnswer {
  settings: RuntimeSetting[]
  /**
   * processes that did not answer, in which nothing has changed, if there are any
   */
  unreached?: string[]
}
export interface FlushEvent {
  /**
   * grows with each event: `EPOCH-SEQUENCE`
   */
  id: string
  /**
   * a later event with the same key replaces this one
   */
  key: string
  kind: 'flush'
  /**
   * Unix time in milliseconds
   */
  startMs: number
  /**
   * equal to `startMs` if it has no duration, left out while it lasts
   */
  endMs?: number
  store?: string
  /**
   * the process or thread in which it happened, if there are several
   */
  worker?: string
  severity: 'info' | 'warning' | 'critical'
  /**
   * what happened, in a few words
   */
  title: string
  /**
   * A memtable was written to disk.
   */
  details: {
    bytes: number
    durationSeconds?: number
  }
}
export interface CompactionEvent {
  /**
   * grows with each event: `EPOCH-SEQUENCE`
   */
  id: string
  /**
   * a later event with the same key replaces this one
   */
  key: string
  kind: 'compaction'
  /**
   * Unix time in milliseconds
   */
  startMs: number
  /**
   * equal to `startMs` if it has no duration, left out while it lasts
   */
  endMs?: number
  store?: string
  /**
   * the process or thread in which it happened, if there are several
   */
  worker?: string
  severity: 'info' | 'warning' | 'critical'
  /**
   * what happened, in a few words
   */
  title: string
  /**
   * Tables were rewritten.
   */
  details: {
    /**
     * the level that was written to
     */
    level?: number
    inputFiles: number
    outputFiles?: number
    inputBytes?: number
    outputBytes: number
    durationSeconds?: number
  }
}
export interface WriteStallEvent {
  /**
   * grows with each event: `EPOCH-SEQUENCE`
   */
  id: string
  /**
   * a later event with the same key replaces this one
   */
  key: string
  kind: 'write_stall'
  /**
   * Unix time in milliseconds
   */
  startMs: number
  /**
   * equal to `startMs` if it has no duration, left out while it lasts
   */
  endMs?: number
  store?: string
  /**
   * the process or thread in which it happened, if there are several
   */
  worker?: string
  severity: 'info' | 'warning' | 'critical'
  /**
   * what happened, in a few words
   */
  title: string
  /**
   * The engine stopped or slowed down writers; without a duration while it does.
   */
  details: {
    /**
     * `memtable`, `level0`, `pending_compaction` or `write_buffer`
     */
    cause: string
    durationSeconds?: number
  }
}
export interface HealthChangeEvent {
  /**
   * grows with each event: `EPOCH-SEQUENCE`
   */
  id: string
  /**
   * a later event with the same key replaces this one
   */
  key: string
  kind: 'health_change'
  /**
   * Unix time in milliseconds
   */
  startMs: number
  /**
   * equal to `startMs` if it has no duration, left out while it lasts
   */
  endMs?: number
  store?: string
  /**
   * the process or thread in which it happened, if there are several
   */
  worker?: string
  severity: 'info' | 'warning' | 'critical'
  /**
   * what happened, in a few words
   */
  title: string
  details: {
    check: string
    from: string
    to: string
    message: string
  }
}
export interface AlertEvent {
  /**
   * grows with each event: `EPOCH-SEQUENCE`
   */
  id: string
  /**
   * a later event with the same key replaces this one
   */
  key: string
  kind: 'alert'
  /**
   * Unix time in milliseconds
   */
  startMs: number
  /**
   * equal to `startMs` if it has no duration, left out while it lasts
   */
  endMs?: number
  store?: string
  /**
   * the process or thread in which it happened, if there are several
   */
  worker?: string
  severity: 'info' | 'warning' | 'critical'
  /**
   * what happened, in a few words
   */
  title: string
  details: {
    rule: string
    from: string
    to: string
    labels: {
      [k: string]: string
    }
    value?: number
  }
}
export interface SlowOperationsEvent {
  /**
   * grows with each event: `EPOCH-SEQUENCE`
   */
  id: string
  /**
   * a later event with the same key replaces this one
   */
  key: string
  kind: 'slow_operations'
  /**
   * Unix time in milliseconds
   */
  startMs: number
  /**
   * equal to `startMs` if it has no duration, left out while it lasts
   */
  endMs?: number
  store?: string
  /**
   * the process or thread in which it happened, if there are several
   */
  worker?: string
  severity: 'info' | 'warning' | 'critical'
  /**
   * what happened, in a few words
   */
  title: string
  /**
   * Slow operations of a store that settled less than ten seconds apart.
   */
  details: {
    count: number
    /**
     * how many, by operation
     */
    operations: {
      [k: string]: number
    }
    worstSeconds: number
    /**
     * what the slowest one waited for
     */
    cause: 'store' | 'event_loop' | 'thread_pool'
  }
}
export interface EventLoopBlockEvent {
  /**
   * grows with each event: `EPOCH-SEQUENCE`
   */
  id: string
  /**
   * a later event with the same key replaces this one
   */
  key: string
  kind: 'event_loop_block'
  /**
   * Unix time in milliseconds
   */
  startMs: number
  /**
   * equal to `startMs` if it has no duration, left out while it lasts
   */
  endMs?: number
  store?: string
  /**
   * the process or thread in which it happened, if there are several
   */
  worker?: string
  severity: 'info' | 'warning' | 'critical'
  /**
   * what happened, in a few words
   */
  title: string
  /**
   * A block of 100 ms or more.
   */
  details: {
    durationSeconds: number
  }
}
export interface StoreOpenedEvent {
  /**
   * grows with each event: `EPOCH-SEQUENCE`
   */
  id: string
  /**
   * a later event with the same key replaces this one
   */
  key: string
  kind: 'store_opened'
  /**
   * Unix time in milliseconds
   */
  startMs: number
  /**
   * equal to `startMs` if it has no duration, left out while it lasts
   */
  endMs?: number
  store?: string
  /**
   * the process or thread in which it happened, if there are several
   */
  worker?: string
  severity: 'info' | 'warning' | 'critical'
  /**
   * what happened, in a few words
   */
  title: string
  details: {
    engine: string
    adapter: string
  }
}
export interface StoreClosedEvent {
  /**
   * grows with each event: `EPOCH-SEQUENCE`
   */
  id: string
  /**
   * a later event with the same key replaces this one
   */
  key: string
  kind: 'store_closed'
  /**
   * Unix time in milliseconds
   */
  startMs: number
  /**
   * equal to `startMs` if it has no duration, left out while it lasts
   */
  endMs?: number
  store?: string
  /**
   * the process or thread in which it happened, if there are several
   */
  worker?: string
  severity: 'info' | 'warning' | 'critical'
  /**
   * what happened, in a few words
   */
  title: string
  details: {
    engine: string
    adapter: string
  }
}
export interface SettingsEvent {
  /**
   * grows with each event: `EPOCH-SEQUENCE`
   */
  id: string
  /**
   * a later event with the same key replaces this one
   */
  key: string
  kind: 'settings'
  /**
   * Unix time in milliseconds
   */
  startMs: number
  /**
   * equal to `startMs` if it has no duration, left out while it lasts
   */
  endMs?: number
  store?: string
  /**
   * the process or thread in which it happened, if there are several
   */
  worker?: string
  severity: 'info' | 'warning' | 'critical'
  /**
   * what happened, in a few words
   */
  title: string
  details: {
    changes: {
      setting: string
      from?: unknown
      to?: unknown
    }[]
  }
}
export interface NotificationEvent {
  /**
   * grows with each event: `EPOCH-SEQUENCE`
   */
  id: string
  /**
   * a later event with the same key replaces this one
   */
  key: string
  kind: 'notification'
  /**
   * Unix time in milliseconds
   */
  startMs: number
  /**
   * equal to `startMs` if it has no duration, left out while it lasts
   */
  endMs?: number
  store?: string
  /**
   * the process or thread in which it happened, if there are several
   */
  worker?: string
  severity: 'info' | 'warning' | 'critical'
  /**
   * what happened, in a few words
   */
  title: string
  details: {
    notifier: string
    rule: string
    result: 'sent' | 'failed' | 'dropped' | 'silenced'
    reason?: string
  }
}
export interface SilenceEvent {
  /**
   * grows with each event: `EPOCH-SEQUENCE`
   */
  id: string
  /**
   * a later event with the same key replaces this one
   */
  key: string
  kind: 'silence'
  /**
   * Unix time in milliseconds
   */
  startMs: number
  /**
   * equal to `startMs` if it has no duration, left out while it lasts
   */
  endMs?: number
  store?: string
  /**
   * the process or thread in which it happened, if there are several
   */
  worker?: string
  severity: 'info' | 'warning' | 'critical'
  /**
   * what happened, in a few words
   */
  title: string
  details: {
    id: string
    change: 'created' | 'deleted' | 'expired'
    matchers: {
      [k: string]: string
    }
    durationSeconds?: number
  }
}
export interface ProcessEvent {
  /**
   * grows with each event: `EPOCH-SEQUENCE`
   */
  id: string
  /**
   * a later event with the same key replaces this one
   */
  key: string
  kind: 'process'
  /**
   * Unix time in milliseconds
   */
  startMs: number
  /**
   * equal to `startMs` if it has no duration, left out while it lasts
   */
  endMs?: number
  store?: string
  /**
   * the process or thread in which it happened, if there are several
   */
  worker?: string
  severity: 'info' | 'warning' | 'critical'
  /**
   * what happened, in a few words
   */
  title: string
  details: {
    /**
     * `started`: the monitoring of this process
     */
    change: 'started' | 'joined' | 'closed' | 'lost'
    /**
     * the process or thread that joined or ended
     */
    worker?: string
    pid: number
    /**
     * left out for the main thread
     */
    thread?: number
  }
}
export interface AnnotationEvent {
  /**
   * grows with each event: `EPOCH-SEQUENCE`
   */
  id: string
  /**
   * a later event with the same key replaces this one
   */
  key: string
  kind: 'annotation'
  /**
   * Unix time in milliseconds
   */
  startMs: number
  /**
   * equal to `startMs` if it has no duration, left out while it lasts
   */
  endMs?: number
  store?: string
  /**
   * the process or thread in which it happened, if there are several
   */
  worker?: string
  severity: 'info' | 'warning' | 'critical'
  /**
   * what happened, in a few words
   */
  title: string
  /**
   * Something that the application does and has named.
   */
  details: {}
}
export interface AuditEvent {
  /**
   * grows with each event: `EPOCH-SEQUENCE`
   */
  id: string
  /**
   * a later event with the same key replaces this one
   */
  key: string
  kind: 'audit'
  /**
   * Unix time in milliseconds
   */
  startMs: number
  /**
   * equal to `startMs` if it has no duration, left out while it lasts
   */
  endMs?: number
  store?: string
  /**
   * the process or thread in which it happened, if there are several
   */
  worker?: string
  severity: 'info' | 'warning' | 'critical'
  /**
   * what happened, in a few words
   */
  title: string
  /**
   * A client has changed something over HTTP, or wanted to.
   */
  details: {
    /**
     * name of the token or the user; `this machine` if none is required
     */
    who: string
    /**
     * the method and the path
     */
    change: string
    /**
     * `refused`: the client may not; `rejected`: it is not valid
     */
    result: 'changed' | 'refused' | 'rejected' | 'failed'
  }
}
export interface ClockEvent {
  /**
   * grows with each event: `EPOCH-SEQUENCE`
   */
  id: string
  /**
   * a later event with the same key replaces this one
   */
  key: string
  kind: 'clock'
  /**
   * Unix time in milliseconds
   */
  startMs: number
  /**
   * equal to `startMs` if it has no duration, left out while it lasts
   */
  endMs?: number
  store?: string
  /**
   * the process or thread in which it happened, if there are several
   */
  worker?: string
  severity: 'info' | 'warning' | 'critical'
  /**
   * what happened, in a few words
   */
  title: string
  details: {
    /**
     * how far the system clock was set forward or, if negative, back
     */
    seconds: number
  }
}
export interface EventsAnswer {
  events: Event[]
  /**
   * the id to continue from
   */
  lastId: string
  /**
   * events after `since` that are not kept any more
   */
  missed: number
}
export interface HealthObservation {
  /**
   * what was measured, in words
   */
  name: string
  value?: number
  /**
   * in UCUM
   */
  unit: string
  /**
   * the bound that was crossed or, if none was, the next one
   */
  bound?: number
  series?: {
    metric: string
    labels: Labels
  }
}
export interface HealthCause {
  message: string
  /**
   * the check of which this one is a symptom
   */
  check?: string
  store?: string
}
export interface HealthTrend {
  direction: 'rising' | 'falling' | 'steady'
  /**
   * in the unit of the value
   */
  perHour?: number
  overSeconds: number
  forecast?: string
}
export interface HealthCheck {
  name: string
  store?: string
  status: 'healthy' | 'degraded' | 'unknown' | 'unhealthy' | 'critical'
  message: string
  /**
   * when it ran last
   */
  lastCheckMs?: number
  /**
   * since when it has this status
   */
  sinceMs: number
  /**
   * of the last run
   */
  durationSeconds?: number
  /**
   * the highest status that it adds to the whole
   */
  maxStatus?: 'degraded' | 'unhealthy'
  observed?: HealthObservation
  /**
   * identifies the kind of problem
   */
  reason?: string
  /**
   * the process with this result, if there are several
   */
  worker?: string
  cause?: HealthCause
  /**
   * what to do, most important first
   */
  nextSteps?: string[]
  trend?: HealthTrend
  runbookUrl?: string
}
export interface HealthReport {
  status: 'healthy' | 'degraded' | 'unknown' | 'unhealthy' | 'critical'
  /**
   * Unix time in milliseconds
   */
  timeMs: number
  phase: 'off' | 'starting' | 'running' | 'stopping'
  checks: HealthCheck[]
}
export interface HealthChange {
  /**
   * Unix time in milliseconds
   */
  timeMs: number
  name: string
  store?: string
  from: 'healthy' | 'degraded' | 'unknown' | 'unhealthy' | 'critical'
  to: 'healthy' | 'degraded' | 'unknown' | 'unhealthy' | 'critical'
  message: string
}
export interface HealthDetails {
  status: 'healthy' | 'degraded' | 'unknown' | 'unhealthy' | 'critical'
  /**
   * Unix time in milliseconds
   */
  timeMs: number
  phase: 'off' | 'starting' | 'running' | 'stopping'
  checks: HealthCheck[]
  /**
   * the last 100 of this process, newest first
   */
  changes: HealthChange[]
}
export interface HealthStatusOnly {
  status: 'healthy' | 'degraded' | 'unknown' | 'unhealthy' | 'critical'
}
export interface HealthDraftCheck {
  /**
   * the store
   */
  componentId?: string
  componentType: 'system' | 'datastore'
  observedValue?: number
  observedUnit?: string
  status: 'pass' | 'warn' | 'fail'
  /**
   * ISO 8601
   */
  time?: string
  output?: string
  links?: {
    [k: string]: string
  }
  /**
   * ISO 8601
   */
  since?: string
  bound?: number
  cause?: HealthCause
  trend?: HealthTrend
  nextSteps?: string[]
}
export interface HealthDraft {
  status: 'pass' | 'warn' | 'fail'
  notes?: string[]
  serviceId?: string
  description?: string
  /**
   * by `STORE:CHECK`, or `CHECK` of the process
   */
  checks: {
    [k: string]: HealthDraftCheck[]
  }
}
export interface HealthDraftStatus {
  status: 'pass' | 'warn' | 'fail'
}
export interface Failure {
  /**
   * what is wrong, and what to do
   */
  error: string
}
