import type { Attributes } from '@opentelemetry/api'
import type { Notifier } from '../alerts/notifiers/notifier.ts'
import { type GivenRules, resolveRules } from '../alerts/resolve-rules.ts'
import { RuleError } from '../alerts/validate-rules.ts'
import type { OtlpOptions } from '../exporters/otlp.ts'
import { type HealthOptions, validateHealthOptions } from '../health/health-options.ts'
import type { Logger } from '../logger.ts'
import type { Clock } from '../time/clock.ts'
import { describeKind, formatIssue, suggest } from '../validation/format-issue.ts'
import {
  findInvalidFields,
  httpUrl,
  integer,
  isPlainObject,
  milliseconds,
  oneOf,
  optional,
  recordOf,
  type Schema,
  text,
} from '../validation/schema.ts'

/** A TracerProvider of any version of OpenTelemetry's API 1.x. */
export interface AnyTracerProvider {
  /** Returns a Tracer for the instrumentation scope of this name. */
  getTracer(name: string, version?: string): unknown
}

/** The options that are objects or functions, and can be given in code only. */
export interface StructuredOptions {
  /**
   * Exports metrics over OTLP. `true`: with OpenTelemetry's environment variables and defaults.
   *
   * @defaultValue `true` if OTEL_EXPORTER_OTLP_ENDPOINT is set, else `false`
   */
  readonly otlp?: boolean | OtlpOptions
  /**
   * Serves the endpoints over TLS: the same as `tlsCert`, `tlsKey` and `tlsClientCa`, in one object.
   *
   * @defaultValue no TLS
   */
  readonly tls?: TlsOptions
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
  readonly alertRules?: GivenRules
  /**
   * The notifiers that alerts are sent to, beside those of `alertmanagerUrl`, `alertWebhookUrl` and the other options for services.
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
  readonly tracerProvider?: AnyTracerProvider
  /**
   * The clock of everything that the monitor dates, for tests: a `ManualClock`.
   *
   * @defaultValue a `SystemClock`
   */
  readonly clock?: Clock
}

/** PEM files of the HTTP servers. They are read again when they change. */
export interface TlsOptions {
  /** Path of the certificate, with the chain up to its authority. */
  readonly cert: string
  /** Path of the private key, not encrypted. */
  readonly key: string
  /** Path of the certificates of the authorities of clients: only clients with a certificate of one of them can connect. */
  readonly clientCa?: string | undefined
}

const path = () => text('the path of a PEM file')
const tlsShape: Readonly<Record<keyof TlsOptions, Schema<unknown>>> = { cert: path(), key: path(), clientCa: optional(path()) }

const otlpShape: Readonly<Record<keyof OtlpOptions, Schema<unknown>>> = {
  url: optional(httpUrl()),
  headers: optional(recordOf(text('a name', 0), text('a text', 0), 'an object of strings')),
  protocol: optional(oneOf(['http/protobuf', 'http/json'])),
  compression: optional(oneOf(['gzip', 'none'])),
  timeoutMs: optional(milliseconds(1)),
  intervalMs: optional(milliseconds(100)),
  temporality: optional(oneOf(['cumulative', 'delta', 'lowmemory'])),
  histograms: optional(oneOf(['explicit', 'exponential'])),
  batchSize: optional(integer(1, Number.MAX_SAFE_INTEGER, 'a whole number of points from 1')),
}

/** Both may contain credentials. */
const secretOtlp: ReadonlySet<string> = new Set(['url', 'headers'])

type Validate = (value: unknown, name: string) => readonly string[]

/** Validates every structured option that is set. A validator returns the problems of a value. */
const validators: Readonly<Record<keyof StructuredOptions, Validate>> = {
  otlp: validateOtlp,
  tls: validateTls,
  logger: mustBe('an object with the methods debug, info, warn and error', (value) =>
    ['debug', 'info', 'warn', 'error'].every((level) => hasMethod(value, level)),
  ),
  resource: mustBe('an object of attributes', isPlainObject),
  alertRules: validateAlertRules,
  notifiers: mustBe(
    'an array of objects with a name and a send method',
    (value) =>
      Array.isArray(value) && value.every((notifier) => hasMethod(notifier, 'send') && typeof notifier.name === 'string'),
  ),
  health: validateHealthOptions,
  errorRedactor: mustBe('a function that returns text', (value) => typeof value === 'function'),
  clock: mustBe('a Clock, such as a ManualClock', (value) =>
    ['nowMs', 'monotonicMs', 'synchronize', 'onStep'].every((name) => hasMethod(value, name)),
  ),
  tracerProvider: mustBe('a TracerProvider', (value) => hasMethod(value, 'getTracer')),
}

export const structuredNames = Object.keys(validators) as ReadonlyArray<keyof StructuredOptions>

/** The purpose of each option and what it may be, for programs. The documentation of the interface has more. */
export const structuredDescriptions: Readonly<
  Record<keyof StructuredOptions, { readonly description: string; readonly allowed: string }>
> = {
  otlp: { description: 'Export metrics over OTLP.', allowed: 'true, false or an object' },
  tls: { description: 'Serve the endpoints over TLS.', allowed: 'an object with the paths cert, key and clientCa' },
  logger: { description: 'The logger of the application.', allowed: 'an object with the methods debug, info, warn and error' },
  resource: { description: 'Attributes of the resource.', allowed: 'an object of attributes' },
  alertRules: { description: 'The alert rules.', allowed: 'alert rules, or an extension of the default rules' },
  notifiers: { description: 'The notifiers that alerts are sent to.', allowed: 'an array of notifiers' },
  health: { description: 'Health checks of the application, settings and bounds of all checks.', allowed: 'an object' },
  errorRedactor: {
    description: 'Returns the part of an error message that may be shown.',
    allowed: 'a function that returns text',
  },
  tracerProvider: { description: 'Creates the spans of enableOperationTracing.', allowed: 'a TracerProvider' },
  clock: { description: 'The clock of everything that the monitor dates.', allowed: 'a Clock' },
}

/** Returns a summary of a structured option that is set, without anything that may be secret. */
export function summarizeStructuredOption(name: keyof StructuredOptions, config: StructuredOptions): unknown {
  const { otlp, notifiers, resource, alertRules } = config
  if (name === 'otlp' && typeof otlp === 'object') {
    return Object.fromEntries(Object.entries(otlp).map(([key, value]) => [key, secretOtlp.has(key) ? '(secret)' : value]))
  }
  if (name === 'otlp') return otlp
  if (name === 'tls') return config.tls
  if (name === 'notifiers' && notifiers !== undefined) return `(${notifiers.map((one) => one.name).join(', ') || 'none'})`
  // Their values may be those of the application.
  if (name === 'resource' && resource !== undefined) return `(${Object.keys(resource).join(', ')})`
  if (name === 'alertRules' && Array.isArray(alertRules)) return `(${alertRules.length} rules)`
  return typeof config[name] === 'function' ? '(function)' : '(object)'
}

/** Returns every problem of these options. */
export function validateStructuredOptions(config: StructuredOptions): string[] {
  return structuredNames.flatMap((name) => (config[name] === undefined ? [] : validators[name](config[name], name)))
}

function mustBe(description: string, isValid: (value: unknown) => boolean): Validate {
  return (value, name) => (isValid(value) ? [] : [`${name} must be ${description}, got ${describeKind(value)}`])
}

function hasMethod(value: unknown, name: string): boolean {
  return typeof (value as Record<string, unknown> | null)?.[name] === 'function'
}

function validateAlertRules(alertRules: unknown): readonly string[] {
  try {
    resolveRules(alertRules, 'alertRules')
    return []
  } catch (error) {
    if (error instanceof RuleError) return error.problems.map((problem) => `alertRules: ${problem}`)
    throw error
  }
}

function validateTls(tls: unknown): string[] {
  if (!isPlainObject(tls)) return [`tls must be an object with the paths cert, key and clientCa, got ${describeKind(tls)}`]
  const { invalid, unknown } = findInvalidFields(tlsShape, tls)
  return [
    ...invalid.map((key) => formatIssue(`tls.${key}`, tlsShape[key as keyof TlsOptions], Reflect.get(tls, key) ?? 'nothing')),
    ...unknown.map((key) => `tls.${key} is not an option${suggest(key, Object.keys(tlsShape))}`),
  ]
}

function validateOtlp(otlp: unknown): string[] {
  if (typeof otlp === 'boolean') return []
  if (typeof otlp !== 'object' || otlp === null || Array.isArray(otlp)) {
    return [`otlp must be true, false or an object, got ${describeKind(otlp)}`]
  }
  const { invalid, unknown } = findInvalidFields(otlpShape, otlp)
  return [
    ...invalid.map((key) => {
      const got: unknown = secretOtlp.has(key) ? '(secret)' : Reflect.get(otlp, key)
      return formatIssue(`otlp.${key}`, otlpShape[key as keyof OtlpOptions], got)
    }),
    ...unknown.map((key) => `otlp.${key} is not an option${suggest(key, Object.keys(otlpShape))}`),
  ]
}
