// Generated from the table in config/options.ts by `npm run generate`. Do not edit.

/** The options with a plain value. Each can also be set with its environment variable. */
export interface PlainOptions {
  /**
   * Record metrics.
   *
   * True or false. Environment: `WOMBAT_ENABLE_METRICS`.
   *
   * @defaultValue `true`
   */
  readonly enableMetrics?: boolean
  /**
   * Interval of the OTLP export and of the log line with metrics.
   *
   * A whole number of milliseconds from 100 to 86400000. Environment: `WOMBAT_METRICS_INTERVAL_MS`.
   *
   * @defaultValue `10000`
   */
  readonly metricsIntervalMs?: number
  /**
   * Number of recent errors that are kept.
   *
   * A whole number from 0 to 100000. Environment: `WOMBAT_MAX_ERROR_HISTORY`.
   *
   * @defaultValue `1000`
   */
  readonly maxErrorHistory?: number
  /**
   * Lowest level that is logged.
   *
   * One of trace, debug, info, warn, error, fatal, silent. Environment: `WOMBAT_LOG_LEVEL`.
   *
   * @defaultValue `"info"`
   */
  readonly logLevel?: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'
  /**
   * Log slow operations.
   *
   * True or false. Environment: `WOMBAT_ENABLE_SLOW_QUERY_LOG`.
   *
   * @defaultValue `true`
   */
  readonly enableSlowQueryLog?: boolean
  /**
   * Duration from which an operation is slow, whatever it usually takes.
   *
   * A whole number of milliseconds from 0 to 86400000. Environment: `WOMBAT_SLOW_QUERY_THRESHOLD_MS`.
   *
   * @defaultValue `1000`
   */
  readonly slowQueryThresholdMs?: number
  /**
   * An operation is also slow if it takes ten times its own P99 of the last five minutes, and at least 20 ms.
   *
   * True or false. Environment: `WOMBAT_ADAPTIVE_SLOW_THRESHOLD`.
   *
   * @defaultValue `true`
   */
  readonly adaptiveSlowThreshold?: boolean
  /**
   * Create a span for each operation.
   *
   * True or false. Environment: `WOMBAT_ENABLE_OPERATION_TRACING`.
   *
   * @defaultValue `false`
   */
  readonly enableOperationTracing?: boolean
  /**
   * Share of operations that are timed, chosen at random. Every operation is counted, and a timed one stands for those before it.
   *
   * A number from 1/65536 to 1. Environment: `WOMBAT_LATENCY_SAMPLE_RATIO`.
   *
   * @defaultValue `1`
   */
  readonly latencySampleRatio?: number
  /**
   * Share of a core's time that measuring operations may take. Above it, fewer of them are timed, each for more. 1 is no limit; 0.02 is recommended for more than 50,000 operations per second.
   *
   * A number from 0.001 to 1. Environment: `WOMBAT_OVERHEAD_BUDGET`.
   *
   * @defaultValue `1`
   */
  readonly overheadBudget?: number
  /**
   * Run health checks in the background. If off, `/readyz` always passes, and `/health` is unknown until code runs the checks.
   *
   * True or false. Environment: `WOMBAT_ENABLE_HEALTH_CHECKS`.
   *
   * @defaultValue `true`
   */
  readonly enableHealthChecks?: boolean
  /**
   * How a store is probed. `write`: write a reserved key and read it back. `idle`: the same, but only while the application does not write. `read`: only read. `off`: no probe.
   *
   * One of write, idle, read, off. Environment: `WOMBAT_HEALTH_PROBE`.
   *
   * @defaultValue `"write"`
   */
  readonly healthProbe?: 'write' | 'idle' | 'read' | 'off'
  /**
   * Memory that the process may use. If not set: the limit of its control group, or else the machine's memory.
   *
   * A whole number of bytes from 1048576. Environment: `WOMBAT_MEMORY_LIMIT_BYTES`.
   */
  readonly memoryLimitBytes?: number
  /**
   * Interval between two runs of a health check.
   *
   * A whole number of milliseconds from 100 to 86400000. Environment: `WOMBAT_HEALTH_CHECK_INTERVAL_MS`.
   *
   * @defaultValue `30000`
   */
  readonly healthCheckIntervalMs?: number
  /**
   * Maximum duration of a health check.
   *
   * A whole number of milliseconds from 10 to 86400000. Environment: `WOMBAT_HEALTH_CHECK_TIMEOUT_MS`.
   *
   * @defaultValue `5000`
   */
  readonly healthCheckTimeoutMs?: number
  /**
   * Evaluate alert rules.
   *
   * True or false. Environment: `WOMBAT_ENABLE_ALERTS`.
   *
   * @defaultValue `true`
   */
  readonly enableAlerts?: boolean
  /**
   * Interval between two evaluations of the alert rules.
   *
   * A whole number of milliseconds from 100 to 86400000. Environment: `WOMBAT_ALERT_EVALUATION_INTERVAL_MS`.
   *
   * @defaultValue `60000`
   */
  readonly alertEvaluationIntervalMs?: number
  /**
   * File with alert rules, which replace the default rules.
   *
   * The path of a YAML or JSON file. Environment: `WOMBAT_ALERT_RULES_FILE`.
   */
  readonly alertRulesFile?: string
  /**
   * Where the runbook of the default alert rules is published: alerts link to its sections. `/runbook` of the JSON API serves it, too.
   *
   * An http or https URL. Environment: `WOMBAT_RUNBOOK_BASE_URL`.
   *
   * @defaultValue `"https://github.com/wombat-db/wombat-observability/blob/main/packages/monitor/RUNBOOK.md"`
   */
  readonly runbookBaseUrl?: string
  /**
   * URL of an Alertmanager that receives the alerts.
   *
   * An http or https URL. Environment: `WOMBAT_ALERTMANAGER_URL`.
   */
  readonly alertmanagerUrl?: string
  /**
   * URL to which alerts are posted, in the format of Alertmanager's webhooks.
   *
   * An http or https URL. Environment: `WOMBAT_ALERT_WEBHOOK_URL`.
   */
  readonly alertWebhookUrl?: string
  /**
   * Allow alerts to be posted to this machine or a private network (Alertmanager is always allowed).
   *
   * True or false. Environment: `WOMBAT_ALERT_WEBHOOK_ALLOW_PRIVATE`.
   *
   * @defaultValue `false`
   */
  readonly alertWebhookAllowPrivate?: boolean
  /**
   * URL of an incoming webhook of Slack that receives the alerts.
   *
   * An http or https URL. Environment: `WOMBAT_ALERT_SLACK_URL`.
   */
  readonly alertSlackUrl?: string
  /**
   * URL of a webhook of Discord that receives the alerts.
   *
   * An http or https URL. Environment: `WOMBAT_ALERT_DISCORD_URL`.
   */
  readonly alertDiscordUrl?: string
  /**
   * URL of a workflow of Microsoft Teams that posts the alerts to a channel.
   *
   * An http or https URL. Environment: `WOMBAT_ALERT_TEAMS_URL`.
   */
  readonly alertTeamsUrl?: string
  /**
   * URL of a topic of ntfy that receives the alerts.
   *
   * An http or https URL. Environment: `WOMBAT_ALERT_NTFY_URL`.
   */
  readonly alertNtfyUrl?: string
  /**
   * Integration key (Events API v2) of a service of PagerDuty that receives the alerts.
   *
   * A text. Environment: `WOMBAT_ALERT_PAGERDUTY_ROUTING_KEY`.
   */
  readonly alertPagerdutyRoutingKey?: string
  /**
   * Key of an API integration of Opsgenie that receives the alerts.
   *
   * A text. Environment: `WOMBAT_ALERT_OPSGENIE_API_KEY`.
   */
  readonly alertOpsgenieApiKey?: string
  /**
   * Interval of the samples in the history, which alert rules and health checks read. If not set: `metricsIntervalMs`, but at most 10000.
   *
   * A whole number of milliseconds from 100 to 60000. Environment: `WOMBAT_HISTORY_INTERVAL_MS`.
   */
  readonly historyIntervalMs?: number
  /**
   * Memory that the history may use. At the limit, the store that uses most loses its oldest samples. Each series needs 2 kB at least, and a store can have 275; without that, series are left out, those of histograms first.
   *
   * A whole number from 1048576 to 1099511627776. Environment: `WOMBAT_HISTORY_MEMORY_BYTES`.
   *
   * @defaultValue `67108864`
   */
  readonly historyMemoryBytes?: number
  /**
   * SQLite file that keeps the history and the alerts across restarts. Each process needs its own file. Node 22 prints once that SQLite is experimental.
   *
   * The path of a file. Environment: `WOMBAT_HISTORY_PATH`.
   */
  readonly historyPath?: string
  /**
   * Time for which the file keeps samples.
   *
   * A whole number of milliseconds from 3600000 to 31536000000. Environment: `WOMBAT_HISTORY_RETENTION_MS`.
   *
   * @defaultValue `1296000000`
   */
  readonly historyRetentionMs?: number
  /**
   * Maximum size of the file in bytes. When it is reached, the oldest samples are deleted.
   *
   * A whole number from 1048576 to 1099511627776. Environment: `WOMBAT_HISTORY_MAX_BYTES`.
   *
   * @defaultValue `268435456`
   */
  readonly historyMaxBytes?: number
  /**
   * Serve `/metrics`.
   *
   * True or false. Environment: `WOMBAT_PROMETHEUS_ENABLED`.
   *
   * @defaultValue `false`
   */
  readonly prometheusEnabled?: boolean
  /**
   * Port of `/metrics`.
   *
   * A port from 0 (any free port) to 65535. Environment: `WOMBAT_PROMETHEUS_PORT`.
   *
   * @defaultValue `9090`
   */
  readonly prometheusPort?: number
  /**
   * Send native histograms beside the classic ones to a Prometheus that asks for protobuf: quantiles are within 2.2 % then, whatever the buckets.
   *
   * True or false. Environment: `WOMBAT_NATIVE_HISTOGRAMS`.
   *
   * @defaultValue `true`
   */
  readonly nativeHistograms?: boolean
  /**
   * Serve the JSON API.
   *
   * True or false. Environment: `WOMBAT_JSON_API_ENABLED`.
   *
   * @defaultValue `true`
   */
  readonly jsonApiEnabled?: boolean
  /**
   * Port of the JSON API.
   *
   * A port from 0 (any free port) to 65535. Environment: `WOMBAT_JSON_API_PORT`.
   *
   * @defaultValue `8080`
   */
  readonly jsonApiPort?: number
  /**
   * Serve the console, a web page, at `/` of the JSON API. If not set: only if `host` is a loopback address.
   *
   * True or false. Environment: `WOMBAT_CONSOLE_ENABLED`.
   */
  readonly consoleEnabled?: boolean
  /**
   * Path below which a server of the application or a proxy serves the endpoints, if it passes on the whole path. Requests without it are answered, too.
   *
   * A path that begins with a slash and does not end with one, such as /monitoring. Environment: `WOMBAT_BASE_PATH`.
   */
  readonly basePath?: string
  /**
   * Address that the HTTP servers listen on. Every address except loopback requires authentication: `authToken`, `authTokenFile`, `readOnlyToken`, `authUsersFile` or `tls.clientCa`.
   *
   * An address to listen on. Environment: `WOMBAT_HOST`.
   *
   * @defaultValue `"127.0.0.1"`
   */
  readonly host?: string
  /**
   * Bearer token that every request must send; with it, a client may see and change everything. Health endpoints answer without it, but only with a status.
   *
   * A secret of at least 16 characters: letters, digits or -._~+/ (RFC 6750). Environment: `WOMBAT_AUTH_TOKEN`.
   */
  readonly authToken?: string
  /**
   * Bearer token with which a client may see everything, and change nothing.
   *
   * A secret of at least 16 characters: letters, digits or -._~+/ (RFC 6750). Environment: `WOMBAT_READ_ONLY_TOKEN`.
   */
  readonly readOnlyToken?: string
  /**
   * File with bearer tokens, one a line: `TOKEN`, `SCOPE TOKEN` or `SCOPE TOKEN NAME`, where the scope is `admin` (default) or `read-only`. It is read again when it changes.
   *
   * The path of a file. Environment: `WOMBAT_AUTH_TOKEN_FILE`.
   */
  readonly authTokenFile?: string
  /**
   * YAML file with users and the bcrypt hashes of their passwords in `basic_auth_users`, as in the web configuration of Prometheus. Users may see everything; those in `admin_users` may change something, too. It is read again when it changes.
   *
   * The path of a YAML file. Environment: `WOMBAT_AUTH_USERS_FILE`.
   */
  readonly authUsersFile?: string
  /**
   * Certificate of the HTTP servers, with the chain up to its authority: they answer over TLS 1.2 or later only. It is read again when it changes.
   *
   * The path of a PEM file. Environment: `WOMBAT_TLS_CERT`.
   */
  readonly tlsCert?: string
  /**
   * Private key of `tlsCert`, not encrypted.
   *
   * The path of a PEM file. Environment: `WOMBAT_TLS_KEY`.
   */
  readonly tlsKey?: string
  /**
   * Certificates of the authorities of clients: only clients with a certificate of one of them can connect, probes included.
   *
   * The path of a PEM file. Environment: `WOMBAT_TLS_CLIENT_CA`.
   */
  readonly tlsClientCa?: string
  /**
   * Samples that one query of the history may read. One that would read more is refused with 400 before it reads any.
   *
   * A whole number from 1000 to 10000000000. Environment: `WOMBAT_QUERY_MAX_SAMPLES`.
   *
   * @defaultValue `250000000`
   */
  readonly queryMaxSamples?: number
  /**
   * How long a query of the history may take, with its wait for others. After it, the query is ended and answered with 503.
   *
   * A whole number of milliseconds from 100 to 86400000. Environment: `WOMBAT_QUERY_TIMEOUT_MS`.
   *
   * @defaultValue `30000`
   */
  readonly queryTimeoutMs?: number
  /**
   * Requests that are answered at the same time, and a quarter of them of each endpoint. Further ones get 503. Probes are counted apart.
   *
   * A whole number from 4 to 100000. Environment: `WOMBAT_MAX_REQUESTS`.
   *
   * @defaultValue `256`
   */
  readonly maxRequests?: number
  /**
   * Which processes share one address, one history and one set of alerts. `auto`: the workers of node:cluster or of the cluster mode of PM2. `off`: each process is alone. Any other text: the processes of this user with the same text.
   *
   * A text: `auto`, `off` or the name of a group. Environment: `WOMBAT_PROCESS_GROUP`.
   *
   * @defaultValue `"auto"`
   */
  readonly processGroup?: string
  /**
   * Show the metrics of each process of a group apart, with the label `worker`, instead of their sum.
   *
   * True or false. Environment: `WOMBAT_WORKER_LABEL`.
   *
   * @defaultValue `false`
   */
  readonly workerLabel?: boolean
  /**
   * Log one line with rates, latencies and errors per interval.
   *
   * True or false. Environment: `WOMBAT_LOG_METRICS_ENABLED`.
   *
   * @defaultValue `false`
   */
  readonly logMetricsEnabled?: boolean
  /**
   * Names of the operation metrics: Wombat's, those of OpenTelemetry's semantic conventions, or both.
   *
   * One of wombat, otel, both. Environment: `WOMBAT_SEMCONV`.
   *
   * @defaultValue `"wombat"`
   */
  readonly semconv?: 'wombat' | 'otel' | 'both'
  /**
   * Maximum number of label sets per metric.
   *
   * A whole number from 1 to 1000000. Environment: `WOMBAT_CARDINALITY_LIMIT`.
   *
   * @defaultValue `2000`
   */
  readonly cardinalityLimit?: number
  /**
   * How long the series of a store are exported after it was closed or dropped, unless it is opened again.
   *
   * A whole number of milliseconds from 0 to 86400000. Environment: `WOMBAT_ENDED_STORE_RETENTION_MS`.
   *
   * @defaultValue `300000`
   */
  readonly endedStoreRetentionMs?: number
  /**
   * Maximum duration of `close()`, which sends the last notifications and metrics.
   *
   * A whole number of milliseconds from 0 to 86400000. Environment: `WOMBAT_CLOSE_TIMEOUT_MS`.
   *
   * @defaultValue `5000`
   */
  readonly closeTimeoutMs?: number
}
