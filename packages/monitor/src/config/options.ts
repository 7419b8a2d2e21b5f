import { z } from 'zod'
import { logLevels } from '../logger.ts'

/** One option: what it may be, what it is when nobody says, and what it is for. */
export interface Option<Schema extends z.ZodType = z.ZodType> {
  readonly schema: Schema
  readonly defaultValue: z.output<Schema>
  readonly description: string
  /** Never shown. */
  readonly secret?: boolean
}

const option = <Schema extends z.ZodType>(
  schema: Schema,
  defaultValue: z.output<Schema>,
  description: string,
): Option<Schema> => ({
  schema,
  defaultValue,
  description,
})

const truth = () => z.boolean().describe('true or false')
/** A day at most: a timer of Node's that waits for more than 24 days does not wait at all. */
export const milliseconds = (from: number) =>
  z.int().min(from).max(86_400_000).describe(`a whole number of milliseconds from ${from} to 86400000`)
const port = () => z.int().min(0).max(65_535).describe('a port from 0 (any free one) to 65535')
const count = (from: number, to: number) => z.int().min(from).max(to).describe(`a whole number from ${from} to ${to}`)
const oneOf = <const Words extends readonly [string, ...string[]]>(words: Words) =>
  z.enum(words).describe(`one of ${words.join(', ')}`)

const address = () => z.url({ protocol: /^https?$/ })

/** Every option that is one plain value, and so can come from the environment: `metricsIntervalMs` as WOMBAT_METRICS_INTERVAL_MS. */
export const options = {
  enableMetrics: option(truth(), true, 'Measure at all.'),
  metricsIntervalMs: option(milliseconds(100), 10_000, 'How often metrics are pushed over OTLP and written to the log.'),
  maxErrorHistory: option(count(0, 100_000), 1000, 'How many of the last errors are kept.'),
  logLevel: option(oneOf(logLevels), 'info', 'The least severe level that is logged.'),
  enableSlowQueryLog: option(truth(), true, 'Log slow operations.'),
  slowQueryThresholdMs: option(
    z.union([z.literal('auto'), milliseconds(0)]).describe('a whole number of milliseconds from 0 to 86400000, or auto'),
    1000,
    "From how long on an operation is slow; `auto`: ten times that operation's own P99, and 20 ms at least.",
  ),
  enableOperationTracing: option(truth(), false, 'Make a span of each operation.'),
  latencySampleRatio: option(
    z
      .number()
      .min(1 / 65_536)
      .max(1)
      .describe('a number from 1/65536 to 1'),
    1,
    'The share of operations that are timed, at random; every one is counted.',
  ),
  enableHealthChecks: option(
    truth(),
    true,
    'Run health checks in the background. Where they are off, `/readyz` lets everybody in, and `/health` is unknown until they are asked for.',
  ),
  healthProbe: option(
    oneOf(['write', 'idle', 'read', 'off']),
    'write',
    'How a store is tried out: by writing and reading back a reserved key, the same only while it is not written to anyway, by reading alone, or not at all.',
  ),
  memoryLimitBytes: option(
    z
      .int()
      .min(2 ** 20)
      .max(2 ** 53 - 1)
      .optional()
      .describe('a whole number of bytes from 1048576'),
    undefined,
    "What the process may use of memory (default: its control group's limit, else the machine's).",
  ),
  healthCheckIntervalMs: option(milliseconds(100), 30_000, 'How often health checks run.'),
  healthCheckTimeoutMs: option(milliseconds(10), 5000, 'How long one health check may take.'),
  enableAlerts: option(truth(), true, 'Evaluate alert rules.'),
  alertEvaluationIntervalMs: option(milliseconds(100), 60_000, 'How often alert rules are evaluated.'),
  alertRulesFile: option(
    z.string().min(1).optional().describe('the path of a YAML or JSON file'),
    undefined,
    'A file with alert rules, in place of the default ones.',
  ),
  alertmanagerUrl: {
    ...option(
      address().optional().describe('an http or https address'),
      undefined,
      'The address of an Alertmanager that is told of alerts.',
    ),
    secret: true,
  },
  alertWebhookUrl: {
    ...option(
      address().optional().describe('an http or https address'),
      undefined,
      "Where alerts are posted, in the form of Alertmanager's webhooks.",
    ),
    secret: true,
  },
  alertWebhookAllowPrivate: option(truth(), false, 'Whether that may be this machine or a private network.'),
  historyPath: option(
    z.string().min(1).optional().describe('the path of a file'),
    undefined,
    'A SQLite file in which the history and the alerts outlive the process; each process needs its own. On Node 22 SQLite is experimental, and says so once.',
  ),
  historyRetentionMs: option(
    z.int().min(3_600_000).max(31_536_000_000).describe('a whole number of milliseconds from 3600000 to 31536000000'),
    15 * 86_400_000,
    'How long the file keeps what was measured.',
  ),
  historyMaxBytes: option(
    count(2 ** 20, 2 ** 40),
    256 * 2 ** 20,
    'How many bytes the file may have; past it, the oldest is dropped.',
  ),
  prometheusEnabled: option(truth(), false, 'Serve /metrics.'),
  prometheusPort: option(port(), 9090, 'Where /metrics is served.'),
  jsonApiEnabled: option(truth(), true, 'Serve the JSON API.'),
  jsonApiPort: option(port(), 8080, 'Where the JSON API is served.'),
  host: option(
    z.string().min(1).describe('an address to listen on'),
    '127.0.0.1',
    'The address that the doors listen on; any but loopback needs authToken.',
  ),
  authToken: {
    ...option(
      z
        .string()
        .min(16)
        .regex(/^[\w.~+/-]+=*$/)
        .optional()
        .describe('a secret of at least 16 characters, which are letters, digits or -._~+/ (RFC 6750)'),
      undefined,
      'The bearer token that every request must show; health answers without it, with a status only.',
    ),
    secret: true,
  },
  logMetricsEnabled: option(truth(), false, 'Write a line with rates, latencies and errors to the log every interval.'),
  semconv: option(
    oneOf(['wombat', 'otel', 'both']),
    'wombat',
    "Names of operations: Wombat's, OpenTelemetry's convention, or both.",
  ),
  cardinalityLimit: option(count(1, 1_000_000), 2000, 'How many sets of labels one metric may have.'),
  closeTimeoutMs: option(milliseconds(0), 5000, 'How long close() waits for the last export.'),
} as const satisfies Record<string, Option>

export type OptionName = keyof typeof options
export type OptionValues = { readonly [Name in OptionName]: z.output<(typeof options)[Name]['schema']> }

/** What an option is for. */
export function optionDescription(name: OptionName): string {
  return options[name].description
}

/** The environment variable of an option. */
export function environmentVariable(name: string): string {
  return `WOMBAT_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
}

/** A variable's text as the option's own type; what cannot be one stays text, for the schema to refuse. */
export function parseText({ defaultValue, schema }: Option, text: string): unknown {
  if (typeof defaultValue === 'boolean') {
    const word = z.stringbool().safeParse(text)
    return word.success ? word.data : text
  }
  const number = text.trim() === '' ? Number.NaN : Number(text)
  const isNumber = typeof defaultValue === 'number' || schema.safeParse(number).success
  return isNumber && !Number.isNaN(number) ? number : text
}
