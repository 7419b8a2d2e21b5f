import { isRemote } from './host.ts'
import type { ResolvedConfig } from './resolve-config.ts'

/** Default rules use windows of five minutes, which need more than a few samples, however seldom metrics are exported. */
const maxDefaultHistoryIntervalMs = 10_000

/** The options of a configuration, grouped by the component that takes them. */
export type ComponentOptions = ReturnType<typeof componentOptions>

/**
 * Groups the options by the component that takes them.
 *
 * Every option is destructured here once. One that is missing fails `satisfies`, and one that is not passed on fails
 * `noUnusedLocals`: an option that no component takes does not compile.
 */
export function componentOptions(config: ResolvedConfig) {
  const {
    logger,
    logLevel,
    clock,
    resource,
    otlp,
    semconv,
    cardinalityLimit,
    endedStoreRetentionMs,
    closeTimeoutMs,
    ...withoutGeneral
  } = config
  const { enableMetrics, latencySampleRatio, overheadBudget, enableOperationTracing, tracerProvider, ...withoutRuntime } =
    withoutGeneral
  const { enableSlowQueryLog, slowQueryThresholdMs, adaptiveSlowThreshold, ...withoutSlow } = withoutRuntime
  const { maxErrorHistory, errorRedactor, ...withoutOperations } = withoutSlow
  const { historyIntervalMs, historyMemoryBytes, historyPath, historyRetentionMs, historyMaxBytes, ...withoutHistory } =
    withoutOperations
  const { enableHealthChecks, healthCheckIntervalMs, healthCheckTimeoutMs, healthProbe, ...withoutHealthChecks } = withoutHistory
  const { memoryLimitBytes, health, ...withoutHealth } = withoutHealthChecks
  const { enableAlerts, alertEvaluationIntervalMs, alertRules, alertRulesFile, runbookBaseUrl, ...withoutAlerts } = withoutHealth
  const { notifiers, alertmanagerUrl, alertWebhookUrl, alertWebhookAllowPrivate, ...withoutWebhook } = withoutAlerts
  const { alertSlackUrl, alertDiscordUrl, alertTeamsUrl, alertNtfyUrl, ...withoutChats } = withoutWebhook
  const { alertPagerdutyRoutingKey, alertOpsgenieApiKey, ...withoutNotifiers } = withoutChats
  // `tls` is what `tlsCert`, `tlsKey` and `tlsClientCa` are then.
  const { tls: _, tlsCert, tlsKey, tlsClientCa, ...withoutTls } = withoutNotifiers
  const { authToken, readOnlyToken, authTokenFile, authUsersFile, ...withoutAuthentication } = withoutTls
  const { host, prometheusEnabled, prometheusPort, jsonApiEnabled, jsonApiPort, ...withoutServers } = withoutAuthentication
  const { consoleEnabled = !isRemote(host), basePath, nativeHistograms, ...withoutHttp } = withoutServers
  const { queryMaxSamples, queryTimeoutMs, maxRequests, ...withoutLimits } = withoutHttp
  const { metricsIntervalMs, logMetricsEnabled, processGroup, workerLabel, ...rest } = withoutLimits
  rest satisfies Record<string, never>

  const slow = { enableSlowQueryLog, slowQueryThresholdMs, adaptiveSlowThreshold }
  const runtime = { enableMetrics, latencySampleRatio, overheadBudget, ...slow, enableOperationTracing }
  return {
    closeTimeoutMs,
    logging: { logger, level: logLevel },
    clock,
    registry: { semconv, cardinalityLimit, endedStoreRetentionMs },
    resource,
    otlp: { otlp, metricsIntervalMs, closeTimeoutMs },
    runtime: { options: runtime, tracerProvider },
    operations: {
      slowThresholdMs: slowQueryThresholdMs,
      isSlowThresholdAdaptive: adaptiveSlowThreshold,
      maxErrors: maxErrorHistory,
      redactError: errorRedactor,
    },
    history: {
      intervalMs: historyIntervalMs ?? Math.min(metricsIntervalMs, maxDefaultHistoryIntervalMs),
      maxBytes: historyMemoryBytes,
    },
    durableHistory: { path: historyPath, retentionMs: historyRetentionMs, maxBytes: historyMaxBytes },
    health: {
      enabled: enableHealthChecks,
      intervalMs: healthCheckIntervalMs,
      timeoutMs: healthCheckTimeoutMs,
      probe: healthProbe,
      memoryLimitBytes,
      health,
    },
    alerts: {
      rules: alertRules,
      rulesFile: alertRulesFile,
      runbookBaseUrl,
      evaluationIntervalMs: enableAlerts ? alertEvaluationIntervalMs : undefined,
    },
    notifiers: {
      notifiers,
      alertmanagerUrl,
      alertWebhookUrl,
      alertWebhookAllowPrivate,
      alertSlackUrl,
      alertDiscordUrl,
      alertTeamsUrl,
      alertNtfyUrl,
      alertPagerdutyRoutingKey,
      alertOpsgenieApiKey,
    },
    authentication: { authToken, readOnlyToken, authTokenFile, authUsersFile, basePath },
    http: {
      host,
      tls: tlsCert === undefined || tlsKey === undefined ? undefined : { cert: tlsCert, key: tlsKey, clientCa: tlsClientCa },
      basePath,
      consoleEnabled,
      prometheusEnabled,
      prometheusPort,
      nativeHistograms,
      jsonApiEnabled,
      jsonApiPort,
    },
    limits: { queryMaxSamples, queryTimeoutMs, maxRequests },
    processes: { group: processGroup, hasWorkerLabel: workerLabel },
    log: { enabled: logMetricsEnabled, intervalMs: metricsIntervalMs },
  }
}
