import type { Attributes, TracerProvider } from '@opentelemetry/api'
import { z } from 'zod'
import type { Notifier } from '../alerts/notifiers/notifier.ts'
import type { AlertRule } from '../alerts/rule.ts'
import { RuleError, validateRules } from '../alerts/rule-file.ts'
import type { OtlpOptions } from '../exporters/otlp.ts'
import { type HealthOptions, validateHealthOptions } from '../health/health-options.ts'
import type { Logger } from '../logger.ts'
import { describeKind, formatIssue, suggest } from '../validation/format-issue.ts'
import { httpUrl, milliseconds, oneOf } from './schema.ts'

/** The options that are objects or functions, and can be given in code only. */
export interface StructuredOptions {
  /**
   * Exports metrics over OTLP. `true`: with OpenTelemetry's environment variables and defaults.
   *
   * @defaultValue `true` if OTEL_EXPORTER_OTLP_ENDPOINT is set, else `false`
   */
  readonly otlp?: boolean | OtlpOptions
  /**
   * The logger of the application.
   *
   * @defaultValue pino, which writes JSON lines of `logLevel` and above to standard output
   */
  readonly logger?: Logger
  /** Attributes of the resource. They override those of OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME. */
  readonly resource?: Attributes
  /**
   * The alert rules. Cannot be combined with `alertRulesFile`.
   *
   * @defaultValue `defaultRules`
   */
  readonly alertRules?: readonly AlertRule[]
  /**
   * The notifiers that alerts are sent to, beside those of `alertmanagerUrl` and `alertWebhookUrl`.
   *
   * @defaultValue the log
   */
  readonly notifiers?: readonly Notifier[]
  /** Health checks of the application, settings and bounds of all checks, and a listener for changes. */
  readonly health?: HealthOptions
  /**
   * Returns the message that the error history keeps of an error. Messages may contain keys, values and paths.
   *
   * @defaultValue no message is kept
   */
  readonly errorRedactor?: (error: unknown) => string | undefined
  /**
   * The provider of the spans that `enableOperationTracing` creates.
   *
   * @defaultValue the global provider, even if it is registered later
   */
  readonly tracerProvider?: TracerProvider
}

const otlpShape = {
  url: httpUrl().optional(),
  headers: z.record(z.string(), z.string()).describe('an object of strings').optional(),
  protocol: oneOf(['http/protobuf', 'http/json']).optional(),
  compression: oneOf(['gzip', 'none']).optional(),
  timeoutMs: milliseconds(1).optional(),
  intervalMs: milliseconds(100).optional(),
  temporality: oneOf(['cumulative', 'delta', 'lowmemory']).optional(),
  histograms: oneOf(['explicit', 'exponential']).optional(),
  batchSize: z.int().min(1).describe('a whole number of points from 1').optional(),
} satisfies Record<keyof OtlpOptions, z.ZodOptional>
const otlpSchema = z.strictObject(otlpShape)

/** Both may contain credentials. */
const secretOtlp: ReadonlySet<string> = new Set(['url', 'headers'])

const structured = {
  otlp: z.union([z.boolean(), otlpSchema]).optional(),
  logger: z
    .custom<Logger>((value) =>
      ['debug', 'info', 'warn', 'error'].every((level) => typeof (value as never)?.[level] === 'function'),
    )
    .optional(),
  resource: z.record(z.string(), z.unknown()).optional(),
  alertRules: z.array(z.unknown()).optional(),
  notifiers: z.array(z.custom<Notifier>((value) => typeof (value as never)?.['send'] === 'function')).optional(),
  health: z.custom<HealthOptions>().optional(),
  errorRedactor: z.custom<StructuredOptions['errorRedactor']>((value) => typeof value === 'function').optional(),
  tracerProvider: z.custom<TracerProvider>((value) => typeof (value as never)?.['getTracer'] === 'function').optional(),
}

export const structuredNames: readonly string[] = Object.keys(structured)

/** Returns every problem of these options. */
export function structureProblems(config: StructuredOptions): string[] {
  const { otlp, logger, resource, notifiers, health, errorRedactor, tracerProvider } = config
  const problems: string[] = [...ruleProblems(config), ...validateHealthOptions(health)]
  if (!structured.logger.safeParse(logger).success)
    problems.push(`logger must have the methods debug, info, warn and error, got ${describeKind(logger)}`)
  if (!structured.resource.safeParse(resource).success)
    problems.push(`resource must be an object of attributes, got ${describeKind(resource)}`)
  if (!structured.notifiers.safeParse(notifiers).success)
    problems.push(`notifiers must be an array of objects with a send method, got ${describeKind(notifiers)}`)
  if (!structured.errorRedactor.safeParse(errorRedactor).success)
    problems.push(`errorRedactor must be a function that returns text, got ${describeKind(errorRedactor)}`)
  if (!structured.tracerProvider.safeParse(tracerProvider).success)
    problems.push(`tracerProvider must be a TracerProvider, got ${describeKind(tracerProvider)}`)
  return [...problems, ...otlpProblems(otlp)]
}

function ruleProblems({ alertRules }: StructuredOptions): readonly string[] {
  if (alertRules === undefined) return []
  if (!Array.isArray(alertRules)) return [`alertRules must be an array of rules, got ${describeKind(alertRules)}`]
  try {
    validateRules(alertRules, 'alertRules')
    return []
  } catch (error) {
    if (error instanceof RuleError) return error.problems.map((problem) => `alertRules: ${problem}`)
    throw error
  }
}

function otlpProblems(otlp: unknown): string[] {
  if (structured.otlp.safeParse(otlp).success) return []
  const parsed = otlpSchema.safeParse(otlp)
  if (typeof otlp !== 'object' || otlp === null || Array.isArray(otlp))
    return [`otlp must be true, false or an object, got ${describeKind(otlp)}`]
  const problems: string[] = []
  for (const issue of parsed.error?.issues ?? []) {
    if (issue.code === 'unrecognized_keys') {
      problems.push(...issue.keys.map((key) => `otlp.${key} is not an option${suggest(key, Object.keys(otlpSchema.shape))}`))
      continue
    }
    const key = String(issue.path[0]) as keyof typeof otlpSchema.shape
    problems.push(
      formatIssue(`otlp.${key}`, otlpSchema.shape[key].unwrap(), secretOtlp.has(key) ? '(secret)' : Reflect.get(otlp, key)),
    )
  }
  return problems
}
