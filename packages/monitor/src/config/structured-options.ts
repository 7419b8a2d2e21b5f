import type { Attributes, TracerProvider } from '@opentelemetry/api'
import { z } from 'zod'
import type { Notifier } from '../alerts/notifiers/notifier.ts'
import type { AlertRule } from '../alerts/rule.ts'
import { RuleError, validateRules } from '../alerts/rule-file.ts'
import type { OtlpOptions } from '../exporters/otlp.ts'
import { type HealthOptions, validateHealthOptions } from '../health/health-options.ts'
import type { Logger } from '../logger.ts'
import { describeKind, formatIssue, suggest } from '../validation/format-issue.ts'
import { milliseconds } from './options.ts'

/** The options that are more than one plain value, and so are given in code only. */
export interface StructuredOptions {
  /** Send OTLP: `true` for OpenTelemetry's own variables and defaults. Default: on where OTEL_EXPORTER_OTLP_ENDPOINT is set. */
  readonly otlp?: boolean | OtlpOptions
  /** The application's logger (default: pino to standard output, at `logLevel`). */
  readonly logger?: Logger
  /** Attributes of the resource, beside those of OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME; these here win. */
  readonly resource?: Attributes
  /** The alert rules (default: `defaultRules`). Excludes `alertRulesFile`. */
  readonly alertRules?: readonly AlertRule[]
  /** Who is told of alerts, beside those that options name (default: the log). */
  readonly notifiers?: readonly Notifier[]
  /** Health checks of your own, how ours are run and judged, and who is told of changes. */
  readonly health?: HealthOptions
  /** What of an error may be shown in the error history (default: nothing of its message): it may hold keys, values and paths. */
  readonly errorRedactor?: (error: unknown) => string | undefined
  /** Whose spans `enableOperationTracing` makes (default: the global one, also when it is registered later). */
  readonly tracerProvider?: TracerProvider
}

const otlpSchema = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .describe('an http or https address')
    .optional(),
  headers: z.record(z.string(), z.string()).describe('an object of strings').optional(),
  protocol: z.enum(['http/protobuf', 'http/json']).describe('one of http/protobuf, http/json').optional(),
  compression: z.enum(['gzip', 'none']).describe('one of gzip, none').optional(),
  timeoutMs: milliseconds(1).optional(),
  intervalMs: milliseconds(100).optional(),
  temporality: z.enum(['cumulative', 'delta', 'lowmemory']).describe('one of cumulative, delta, lowmemory').optional(),
  histograms: z.enum(['explicit', 'exponential']).describe('one of explicit, exponential').optional(),
  batchSize: z.int().min(1).describe('a whole number of points from 1').optional(),
})

/** Both carry the credentials of whoever sends. */
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

/** Everything that is wrong with these options. */
export function structureProblems(config: StructuredOptions): string[] {
  const { otlp, logger, resource, notifiers, health, errorRedactor, tracerProvider } = config
  const problems: string[] = [...ruleProblems(config), ...validateHealthOptions(health)]
  if (!structured.logger.safeParse(logger).success)
    problems.push(`logger must have debug, info, warn and error, got ${describeKind(logger)}`)
  if (!structured.resource.safeParse(resource).success)
    problems.push(`resource must be an object of attributes, got ${describeKind(resource)}`)
  if (!structured.notifiers.safeParse(notifiers).success)
    problems.push(`notifiers must be an array of objects with send, got ${describeKind(notifiers)}`)
  if (!structured.errorRedactor.safeParse(errorRedactor).success)
    problems.push(`errorRedactor must be a function from an error to text, got ${describeKind(errorRedactor)}`)
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
      problems.push(...issue.keys.map((key) => `otlp.${key} is no option${suggest(key, Object.keys(otlpSchema.shape))}`))
      continue
    }
    const key = String(issue.path[0]) as keyof typeof otlpSchema.shape
    problems.push(
      formatIssue(`otlp.${key}`, otlpSchema.shape[key].unwrap(), secretOtlp.has(key) ? '(secret)' : Reflect.get(otlp, key)),
    )
  }
  return problems
}
