/**
 * Exports, evaluates and stores the metrics of key-value stores: Prometheus, OTLP, JSON, alerts, health and history.
 *
 * @module @wombat/monitor
 */

import './require-node.ts'

export {
  type Condition,
  type ConditionDirection,
  type ConditionFields,
  type ConditionName,
  conditionDirection,
  conditionSeries,
  conditionTable,
  type DocumentedCondition,
  type ThresholdCondition,
} from './alerts/conditions.ts'
export { defaultRules, defaultRunbookUrl } from './alerts/default-rules.ts'
export {
  type Alert,
  AlertManager,
  type AlertStateName,
  type RuleStatus,
  type SavedAlerts,
  type Transition,
} from './alerts/manager.ts'
export { type AlertmanagerOptions, alertmanagerNotifier } from './alerts/notifiers/alertmanager.ts'
export { type DiscordOptions, discordNotifier } from './alerts/notifiers/discord.ts'
export { type EmailOptions, emailNotifier } from './alerts/notifiers/email.ts'
export type { HttpNotifierOptions } from './alerts/notifiers/http-notifier.ts'
export { type LogNotifierOptions, logNotifier } from './alerts/notifiers/log.ts'
export {
  type AlertGroup,
  DeliveryError,
  type Notifier,
  type NotifierOptions,
  RejectedError,
} from './alerts/notifiers/notifier.ts'
export { type NtfyOptions, ntfyNotifier } from './alerts/notifiers/ntfy.ts'
export { type OpsgenieOptions, opsgenieNotifier } from './alerts/notifiers/opsgenie.ts'
export { type PagerdutyOptions, pagerdutyNotifier } from './alerts/notifiers/pagerduty.ts'
export type { Secret } from './alerts/notifiers/secret.ts'
export { type SlackOptions, slackNotifier } from './alerts/notifiers/slack.ts'
export { type TeamsOptions, teamsNotifier } from './alerts/notifiers/teams.ts'
export { type WebhookOptions, webhookNotifier } from './alerts/notifiers/webhook.ts'
export { type ExtendedRules, type GivenRules, resolveRules } from './alerts/resolve-rules.ts'
export { type AlertRule, type RuleFields, type Severity, severities } from './alerts/rule.ts'
export { parseRules, readRules } from './alerts/rule-file.ts'
export type { AlertState } from './alerts/state.ts'
export { RuleError, validateRules } from './alerts/validate-rules.ts'
export type { DroppedPoints, DropReason, PrometheusMetrics } from './collection/prometheus-metrics.ts'
export { RegistryProducer, type RegistryProducerOptions } from './collection/registry-producer.ts'
export { type HistogramPoint, type NumberPoint, type Point, Snapshot } from './collection/snapshot.ts'
export { SnapshotReader } from './collection/snapshot-reader.ts'
export type { Environment } from './config/environment.ts'
export { ConfigError } from './config/errors.ts'
export {
  type DocumentedOption,
  type ExplainedOption,
  explainConfig,
  optionTable,
} from './config/explain.ts'
export type { ConfigSource, MonitoringConfig } from './config/resolve-config.ts'
export type { RuntimeOptions } from './config/runtime-settings.ts'
export type { AnyTracerProvider, TlsOptions } from './config/structured-options.ts'
export type { AnnotationOptions } from './events/annotate.ts'
export type { JsonDistribution, JsonMetric, JsonNumber, JsonQuantile, JsonValue } from './exporters/json.ts'
export { intervalSummary, type OperationSummary, type StoreSummary } from './exporters/log.ts'
export type { OtlpOptions } from './exporters/otlp.ts'
export { prometheusText } from './exporters/prometheus/prometheus-text.ts'
export { type DocumentedBound, defaultHealthBounds, type HealthBounds, healthBoundTable } from './health/bounds.ts'
export type {
  CheckContext,
  Explain,
  Explanation,
  Finding,
  HealthChange,
  HealthCheck,
  HealthCheckResult,
  HealthReport,
  Observation,
  RunThreshold,
  Trend,
} from './health/check.ts'
export type { HealthOptions } from './health/health-options.ts'
export { HealthMonitor, type HealthMonitorOptions } from './health/monitor.ts'
export type { CheckSettings } from './health/registry/check-settings.ts'
export type { CheckSource } from './health/registry/check-sources.ts'
export { type HealthStatus, healthStatuses } from './health/status.ts'
export type { History, SearchableHistory } from './history/history.ts'
export type { RangeSamples, WindowSummary } from './history/indicators.ts'
export { type HistoryLimits, TimeSeries, type TimeSeriesOptions } from './history/memory/time-series.ts'
export { type HistorySeries, type Sample, toSamples } from './history/series.ts'
export { DurableHistory, type DurableHistoryOptions } from './history/sqlite/durable-history.ts'
export type { Logger, LogLevel } from './logger.ts'
export type { Monitoring, StoreOptions } from './monitoring.ts'
export { type ErrorEntry, ErrorHistory, type ErrorHistoryOptions } from './operations/error-history.ts'
export type { SlowRecord } from './operations/slow-log.ts'
export type { LatencyCause } from './process/process-state.ts'
export type { Addresses, WorkerState } from './processes/protocol.ts'
export { type AnyMeterProvider, type AttachedConfig, createMonitoring, startMonitoring } from './start-monitoring.ts'
export { type Clock, type ClockSources, type ClockStep, ManualClock, SystemClock } from './time/clock.ts'
