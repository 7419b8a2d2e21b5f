import type {
  Alert,
  AlertsAnswer,
  Catalog,
  CatalogMetricAnswer,
  Config,
  ErrorEntry,
  ErrorsAnswer,
  HealthCheck,
  HealthDetails,
  Heatmap,
  JsonValue,
  QueryAnswer,
  QuerySeries,
  RangeAnswer,
  Rule,
  RuleValues,
  RuntimeSetting,
  Session,
  SettingsAnswer,
  Silence,
  SlowOperationsAnswer,
  Store,
  StoresAnswer,
  WorkersAnswer,
} from './generated/api.ts'

/** What the JSON API answers. Times are Unix milliseconds; what is unknown is left out. */
export type {
  AlertsAnswer,
  AlertTransition,
  CatalogMetric,
  CatalogMetricAnswer,
  ErrorsAnswer,
  HealthChange,
  HealthCheck,
  Labels,
  NewSilence,
  NotificationRecord,
  QueryAnswer,
  RangeSeries,
  Silence,
  SlowOperation,
  SlowOperationsAnswer,
  StoresAnswer,
  WorkersAnswer,
} from './generated/api.ts'

export type JsonNumber = JsonValue
export type SessionAnswer = Session
export type StoreState = Store
export type CatalogAnswer = Catalog
export type InstantSeries = QuerySeries
export type QueryRangeAnswer = RangeAnswer
export type HeatMapAnswer = Heatmap
export type AlertState = Alert
export type ErrorRecord = ErrorEntry
export type ConfigAnswer = Config
export type SettingState = RuntimeSetting
export type HealthAnswer = HealthDetails
export type RuleState = Rule
export type RuleValuesAnswer = RuleValues
export type HealthStatus = HealthCheck['status']
export type QueryFunction = 'value' | 'rate' | 'increase' | 'quantile' | 'min' | 'max' | 'avg'

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

export interface RulesAnswer {
  readonly rules: readonly RuleState[]
}

export interface SilencesAnswer {
  readonly silences: readonly Silence[]
}

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
  readonly 'api/v1/settings': SettingsAnswer
}
