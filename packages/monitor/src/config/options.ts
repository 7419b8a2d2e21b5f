import { defaultRunbookUrl } from '../alerts/default-rules.ts'
import { logLevels } from '../logger.ts'
import {
  boolean,
  httpUrl,
  integer,
  milliseconds,
  number,
  oneOf,
  optional,
  port,
  type Schema,
  text,
  type ValueOf,
} from '../validation/schema.ts'

/** What RFC 6750 allows as a bearer token. */
export const tokenPattern = /^[\w.~+/-]+=*$/
/** The shortest token: shorter ones could be guessed. */
export const minTokenLength = 16

/** One option: its values, its default and its purpose. */
export interface Option<Value = unknown> {
  readonly schema: Schema<Value>
  readonly defaultValue: Value
  readonly description: string
  /** Whether errors and explanations hide the value. */
  readonly secret?: boolean
}

const option = <Value>(schema: Schema<Value>, defaultValue: NoInfer<Value>, description: string): Option<Value> => ({
  schema,
  defaultValue,
  description,
})

const secret = <Value>(visible: Option<Value>): Option<Value> => ({ ...visible, secret: true })

const token = () => text('a secret of at least 16 characters: letters, digits or -._~+/ (RFC 6750)', minTokenLength, tokenPattern)

/** Every option with a plain value, which can also be set in the environment: `metricsIntervalMs` as WOMBAT_METRICS_INTERVAL_MS. */
export const options = {
  enableMetrics: option(boolean(), true, 'Record metrics.'),
  metricsIntervalMs: option(milliseconds(100), 10_000, 'Interval of the OTLP export and of the log line with metrics.'),
  maxErrorHistory: option(integer(0, 100_000), 1000, 'Number of recent errors that are kept.'),
  logLevel: option(oneOf(logLevels), 'info', 'Lowest level that is logged.'),
  enableSlowQueryLog: option(boolean(), true, 'Log slow operations.'),
  slowQueryThresholdMs: option(milliseconds(0), 1000, 'Duration from which an operation is slow, whatever it usually takes.'),
  adaptiveSlowThreshold: option(
    boolean(),
    true,
    'An operation is also slow if it takes ten times its own P99 of the last five minutes, and at least 20 ms.',
  ),
  enableOperationTracing: option(boolean(), false, 'Create a span for each operation.'),
  latencySampleRatio: option(
    number(1 / 65_536, 1, 'a number from 1/65536 to 1'),
    1,
    'Share of operations that are timed, chosen at random. Every operation is counted, and a timed one stands for those before it.',
  ),
  overheadBudget: option(
    number(0.001, 1, 'a number from 0.001 to 1'),
    1,
    "Share of a core's time that measuring operations may take. Above it, fewer of them are timed, each for more. 1 is no limit; 0.02 is recommended for more than 50,000 operations per second.",
  ),
  enableHealthChecks: option(
    boolean(),
    true,
    'Run health checks in the background. If off, `/readyz` always passes, and `/health` is unknown until code runs the checks.',
  ),
  healthProbe: option(
    oneOf(['write', 'idle', 'read', 'off']),
    'write',
    'How a store is probed. `write`: write a reserved key and read it back. `idle`: the same, but only while the application does not write. `read`: only read. `off`: no probe.',
  ),
  memoryLimitBytes: option(
    optional(integer(2 ** 20, Number.MAX_SAFE_INTEGER, 'a whole number of bytes from 1048576')),
    undefined,
    "Memory that the process may use. If not set: the limit of its control group, or else the machine's memory.",
  ),
  healthCheckIntervalMs: option(milliseconds(100), 30_000, 'Interval between two runs of a health check.'),
  healthCheckTimeoutMs: option(milliseconds(10), 5000, 'Maximum duration of a health check.'),
  enableAlerts: option(boolean(), true, 'Evaluate alert rules.'),
  alertEvaluationIntervalMs: option(milliseconds(100), 60_000, 'Interval between two evaluations of the alert rules.'),
  alertRulesFile: option(
    optional(text('the path of a YAML or JSON file')),
    undefined,
    'File with alert rules, which replace the default rules.',
  ),
  runbookBaseUrl: option(
    httpUrl(),
    defaultRunbookUrl,
    'Where the runbook of the default alert rules is published: alerts link to its sections. `/runbook` of the JSON API serves it, too.',
  ),
  alertmanagerUrl: secret(option(optional(httpUrl()), undefined, 'URL of an Alertmanager that receives the alerts.')),
  alertWebhookUrl: secret(
    option(optional(httpUrl()), undefined, "URL to which alerts are posted, in the format of Alertmanager's webhooks."),
  ),
  alertWebhookAllowPrivate: option(
    boolean(),
    false,
    'Allow alerts to be posted to this machine or a private network (Alertmanager is always allowed).',
  ),
  alertSlackUrl: secret(option(optional(httpUrl()), undefined, 'URL of an incoming webhook of Slack that receives the alerts.')),
  alertDiscordUrl: secret(option(optional(httpUrl()), undefined, 'URL of a webhook of Discord that receives the alerts.')),
  alertTeamsUrl: secret(
    option(optional(httpUrl()), undefined, 'URL of a workflow of Microsoft Teams that posts the alerts to a channel.'),
  ),
  alertNtfyUrl: secret(option(optional(httpUrl()), undefined, 'URL of a topic of ntfy that receives the alerts.')),
  alertPagerdutyRoutingKey: secret(
    option(
      optional(text('a text')),
      undefined,
      'Integration key (Events API v2) of a service of PagerDuty that receives the alerts.',
    ),
  ),
  alertOpsgenieApiKey: secret(
    option(optional(text('a text')), undefined, 'Key of an API integration of Opsgenie that receives the alerts.'),
  ),
  historyIntervalMs: option(
    optional(milliseconds(100, 60_000)),
    undefined,
    'Interval of the samples in the history, which alert rules and health checks read. If not set: `metricsIntervalMs`, but at most 10000.',
  ),
  historyMemoryBytes: option(
    integer(2 ** 20, 2 ** 40),
    64 * 2 ** 20,
    'Memory that the history may use. At the limit, the store that uses most loses its oldest samples. Each series needs 2 kB at least, and a store can have 275; without that, series are left out, those of histograms first.',
  ),
  historyPath: option(
    optional(text('the path of a file')),
    undefined,
    'SQLite file that keeps the history and the alerts across restarts. Each process needs its own file. Node 22 prints once that SQLite is experimental.',
  ),
  historyRetentionMs: option(milliseconds(3_600_000, 31_536_000_000), 15 * 86_400_000, 'Time for which the file keeps samples.'),
  historyMaxBytes: option(
    integer(2 ** 20, 2 ** 40),
    256 * 2 ** 20,
    'Maximum size of the file in bytes. When it is reached, the oldest samples are deleted.',
  ),
  prometheusEnabled: option(boolean(), false, 'Serve `/metrics`.'),
  prometheusPort: option(port(), 9090, 'Port of `/metrics`.'),
  nativeHistograms: option(
    boolean(),
    true,
    'Send native histograms beside the classic ones to a Prometheus that asks for protobuf: quantiles are within 2.2 % then, whatever the buckets.',
  ),
  jsonApiEnabled: option(boolean(), true, 'Serve the JSON API.'),
  jsonApiPort: option(port(), 8080, 'Port of the JSON API.'),
  consoleEnabled: option(
    optional(boolean()),
    undefined,
    'Serve the console, a web page, at `/` of the JSON API. If not set: only if `host` is a loopback address.',
  ),
  basePath: option(
    optional(text('a path that begins with a slash and does not end with one, such as /monitoring', 2, /^(\/[\w.~-]+)+$/)),
    undefined,
    'Path below which a server of the application or a proxy serves the endpoints, if it passes on the whole path. Requests without it are answered, too.',
  ),
  host: option(
    text('an address to listen on'),
    '127.0.0.1',
    'Address that the HTTP servers listen on. Every address except loopback requires authentication: `authToken`, `authTokenFile`, `readOnlyToken`, `authUsersFile` or `tls.clientCa`.',
  ),
  authToken: secret(
    option(
      optional(token()),
      undefined,
      'Bearer token that every request must send; with it, a client may see and change everything. Health endpoints answer without it, but only with a status.',
    ),
  ),
  readOnlyToken: secret(
    option(optional(token()), undefined, 'Bearer token with which a client may see everything, and change nothing.'),
  ),
  authTokenFile: option(
    optional(text('the path of a file')),
    undefined,
    'File with bearer tokens, one a line: `TOKEN`, `SCOPE TOKEN` or `SCOPE TOKEN NAME`, where the scope is `admin` (default) or `read-only`. It is read again when it changes.',
  ),
  authUsersFile: option(
    optional(text('the path of a YAML file')),
    undefined,
    'YAML file with users and the bcrypt hashes of their passwords in `basic_auth_users`, as in the web configuration of Prometheus. Users may see everything; those in `admin_users` may change something, too. It is read again when it changes.',
  ),
  tlsCert: option(
    optional(text('the path of a PEM file')),
    undefined,
    'Certificate of the HTTP servers, with the chain up to its authority: they answer over TLS 1.2 or later only. It is read again when it changes.',
  ),
  tlsKey: option(optional(text('the path of a PEM file')), undefined, 'Private key of `tlsCert`, not encrypted.'),
  tlsClientCa: option(
    optional(text('the path of a PEM file')),
    undefined,
    'Certificates of the authorities of clients: only clients with a certificate of one of them can connect, probes included.',
  ),
  queryMaxSamples: option(
    integer(1000, 10_000_000_000),
    250_000_000,
    'Samples that one query of the history may read. One that would read more is refused with 400 before it reads any.',
  ),
  queryTimeoutMs: option(
    milliseconds(100),
    30_000,
    'How long a query of the history may take, with its wait for others. After it, the query is ended and answered with 503.',
  ),
  maxRequests: option(
    integer(4, 100_000),
    256,
    'Requests that are answered at the same time, and a quarter of them of each endpoint. Further ones get 503. Probes are counted apart.',
  ),
  processGroup: option(
    text('a text: `auto`, `off` or the name of a group'),
    'auto',
    'Which processes share one address, one history and one set of alerts. `auto`: the workers of node:cluster or of the cluster mode of PM2. `off`: each process is alone. Any other text: the processes of this user with the same text.',
  ),
  workerLabel: option(
    boolean(),
    false,
    'Show the metrics of each process of a group apart, with the label `worker`, instead of their sum.',
  ),
  logMetricsEnabled: option(boolean(), false, 'Log one line with rates, latencies and errors per interval.'),
  semconv: option(
    oneOf(['wombat', 'otel', 'both']),
    'wombat',
    "Names of the operation metrics: Wombat's, those of OpenTelemetry's semantic conventions, or both.",
  ),
  cardinalityLimit: option(integer(1, 1_000_000), 2000, 'Maximum number of label sets per metric.'),
  endedStoreRetentionMs: option(
    milliseconds(0),
    300_000,
    'How long the series of a store are exported after it was closed or dropped, unless it is opened again.',
  ),
  closeTimeoutMs: option(milliseconds(0), 5000, 'Maximum duration of `close()`, which sends the last notifications and metrics.'),
} as const satisfies Record<string, Option>

export type OptionName = keyof typeof options
export type OptionValues = { readonly [Name in OptionName]: ValueOf<(typeof options)[Name]['schema']> }

export const optionNames = Object.keys(options) as OptionName[]

/** Returns the purpose of an option. */
export function optionDescription(name: OptionName): string {
  return options[name].description
}
