import type {
  Alert,
  AlertsAnswer,
  Catalog,
  CatalogMetricAnswer,
  Config,
  ErrorEntry,
  ErrorsAnswer,
  Event,
  EventsAnswer,
  HealthCheck,
  HealthDetails,
  Heatmap,
  HeatmapExemplar,
  JsonValue,
  QueryAnswer,
  QuerySeries,
  RangeAnswer,
  Rule,
  RulesAnswer,
  RuleValues,
  RuntimeSetting,
  Session,
  SettingsAnswer,
  Silence,
  SilencesAnswer,
  SlowOperationsAnswer,
  Store,
  StoresAnswer,
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
} from './generated/api.ts'

export type JsonNumber = JsonValue
export type SessionAnswer = Session
export type StoreState = Store
export type CatalogAnswer = Catalog
export type InstantSeries = QuerySeries
export type QueryRangeAnswer = RangeAnswer
export type HeatMapAnswer = Heatmap
export type HeatMapExemplar = HeatmapExemplar
export type AlertState = Alert
export type ErrorRecord = ErrorEntry
export type ConfigAnswer = Config
export type SettingState = RuntimeSetting
export type HealthAnswer = HealthDetails
export type RuleState = Rule
export type RuleValuesAnswer = RuleValues
export type HealthStatus = HealthCheck['status']
export type QueryFunction = 'value' | 'rate' | 'increase' | 'quantile' | 'min' | 'max' | 'avg'

/** An event of any kind. `details` has other fields for each kind. */
export type TimelineEvent = Omit<Event, 'details'> & { readonly details: Readonly<Record<string, unknown>> }
export type EventKind = Event['kind']

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
  readonly 'api/v1/config': ConfigAnswer
}

/** The answers of `POST`, by path. */
export interface PostAnswers {
  readonly 'api/v1/session': undefined
  readonly 'api/v1/health/run': HealthAnswer
  readonly 'api/v1/silences': Silence
  readonly 'api/v1/settings': SettingsAnswer
}
