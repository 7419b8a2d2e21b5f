import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { accepts } from 'hono/accepts'
import type { HealthReport } from '../../health/check.ts'
import { isUnmeasurable, isUsable, worstStatus } from '../../health/status.ts'
import type { Access } from '../access.ts'
import { Authentication } from '../authentication.ts'
import { draftStatus, type HealthService, healthContentType, healthDraft } from './health/draft.ts'
import { healthJson } from './health/json.ts'
import { liveness, type Probe, readiness } from './health/probe.ts'

/** Provides health reports. Reading one runs no check, no matter how many probes there are. */
export interface HealthSource {
  report(): HealthReport
  /** Reports only the checks that a restart would repair. */
  liveness(): HealthReport
}

export interface HealthRoutesOptions extends HealthService {
  /** Decides who may see details; all others get a status. */
  readonly authentication?: Authentication
}

/**
 * Creates the health endpoints: `/health` for people and programs, `/livez` and `/readyz` for Kubernetes probes. Below each of
 * them, `/CHECK` and `/STORE/CHECK` answer for one check. The status is 200 if the process is usable, 503 if it is not, and 404 for
 * an unknown check.
 *
 * `/health` answers with `application/health+json`, or with Wombat's JSON if the request accepts `application/json` or has
 * `?format=json`. Probes answer `ok` or `failed`; with `?verbose`, one line per check. They ignore the checks in `?exclude=`.
 */
export function healthRoutes(
  source: HealthSource,
  { authentication = new Authentication(), ...service }: HealthRoutesOptions = {},
): Hono {
  const app = new Hono<Access>()
  const addEndpoint = (
    path: string,
    report: () => HealthReport,
    respond: (context: Context<Access>, report: HealthReport) => Response,
  ) => {
    app.use(`${path}/*`, noStore, authentication.canSeeDetails)
    app.get(path, (context) => respond(context, report()))
    for (const checkPath of [`${path}/:check`, `${path}/:store/:check`]) {
      app.get(checkPath, (context) => {
        const all = report()
        const checkReport = selectCheck(all, context.req.param('check') ?? '', context.req.param('store'))
        return checkReport === undefined ? unknownCheck(context, all) : respond(context, checkReport)
      })
    }
  }
  addEndpoint(
    '/health',
    () => source.report(),
    (context, report) => respondHealth(context, report, service),
  )
  addEndpoint(
    '/livez',
    () => source.liveness(),
    (context, report) => respondProbe(context, 'livez', liveness(report, requestedChecks(context))),
  )
  addEndpoint(
    '/readyz',
    () => source.report(),
    (context, report) => respondProbe(context, 'readyz', readiness(report, requestedChecks(context))),
  )
  return new Hono().route('/', app)
}

const noStore: MiddlewareHandler = async (context, next) => {
  await next()
  context.header('cache-control', 'no-store')
}

const formats = { health: healthContentType, json: 'application/json' } as const
type Format = (typeof formats)[keyof typeof formats]

function respondHealth(context: Context<Access>, report: HealthReport, service: HealthService): Response {
  const format = requestedFormat(context)
  if (format === undefined) {
    return context.json(
      { error: `format must be one of ${Object.keys(formats).join(', ')}, got ${JSON.stringify(context.req.query('format'))}` },
      400,
    )
  }
  const details = (): string =>
    format === 'application/json' ? healthJson(report) : JSON.stringify(healthDraft(report, service))
  const { status } = report
  const statusOnly = { status: format === 'application/json' ? status : draftStatus(status) }
  const body = context.get('seesDetails') ? details() : JSON.stringify(statusOnly)
  context.header('vary', 'Accept', { append: true })
  const isUnmeasured = report.checks.length > 0 && report.checks.every(isUnmeasurable)
  return context.body(body, isUsable(status) || isUnmeasured ? 200 : 503, { 'content-type': format })
}

/** Returns the format of the query or, if there is none, of the Accept header; undefined if the query's is unknown. */
function requestedFormat(context: Context): Format | undefined {
  const requested = context.req.query('format')
  if (requested !== undefined) return Object.hasOwn(formats, requested) ? formats[requested as keyof typeof formats] : undefined
  return accepts(context, { header: 'Accept', supports: Object.values(formats), default: formats.health }) as Format
}

function requestedChecks(context: Context): { readonly excluded: readonly string[] } {
  return { excluded: context.req.queries('exclude') ?? [] }
}

function respondProbe(context: Context<Access>, name: 'livez' | 'readyz', { isPassed, lines, failedLines }: Probe): Response {
  const code = isPassed ? 200 : 503
  if (!context.get('seesDetails')) return context.text(isPassed ? 'ok' : 'failed', code)
  const isVerbose = context.req.query('verbose') !== undefined
  if (isPassed && !isVerbose) return context.text('ok', code)
  const end = `${name} check ${isPassed ? 'passed' : 'failed'}`
  return context.text([...(isVerbose ? lines : failedLines), end, ''].join('\n'), code)
}

/** Returns a report of one check, of one store or of all stores. The phase of the process does not affect it. */
function selectCheck(report: HealthReport, name: string, store: string | undefined): HealthReport | undefined {
  const checks = report.checks.filter((check) => check.name === name && (store === undefined || check.store === store))
  if (checks.length === 0) return undefined
  return { ...report, status: worstStatus(checks), phase: 'running', checks }
}

function unknownCheck(context: Context<Access>, { checks }: HealthReport): Response {
  const error = `${context.req.path} does not exist: unknown health check`
  const names = [...new Set(checks.map(({ name, store }) => (store === undefined ? name : `${store}/${name}`)))]
  return context.json(
    { error: context.get('seesDetails') && names.length > 0 ? `${error}; the checks are ${names.join(', ')}` : error },
    404,
  )
}
