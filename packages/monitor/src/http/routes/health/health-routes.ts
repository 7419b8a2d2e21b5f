import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { accepts } from 'hono/accepts'
import type { HealthReport } from '../../../health/check.ts'
import { isUsable, worstStatus } from '../../../health/status.ts'
import { type Access, canSeeDetails } from '../../access.ts'
import { draftStatus, type HealthService, healthContentType, healthDraft } from './health-draft.ts'
import { healthJson } from './health-json.ts'
import { liveness, type Probe, readiness } from './probe.ts'

/** Who knows how everything is, without looking again: a thousand probes are a thousand readings of one report. */
export interface HealthSource {
  report(): HealthReport
  /** The checks that a restart mends, and those only. */
  liveness(): HealthReport
}

export interface HealthRoutesOptions extends HealthService {
  /** Whoever brings it sees everything; without one, whoever asks from this machine does. All others see a status. */
  readonly authToken?: string | undefined
}

/**
 * `/health` for people and programs, `/livez` and `/readyz` for probes of Kubernetes' kind; below each of them
 * `/check` or `/store/check` for one check alone. 200 for what can be used, 503 for what cannot; 404 for a check that is not there.
 *
 * `/health` answers as `application/health+json` or, where `application/json` or `?format=json` is asked for, check by check as Wombat has them.
 * Probes answer `ok` or `failed`, line by line with `?verbose`, and without the checks named by `?exclude=`.
 */
export function healthRoutes(source: HealthSource, { authToken, ...service }: HealthRoutesOptions = {}): Hono {
  const app = new Hono<Access>()
  const known = canSeeDetails(authToken)
  const answer = (
    path: string,
    report: () => HealthReport,
    told: (context: Context<Access>, report: HealthReport) => Response,
  ) => {
    app.use(`${path}/*`, notStored, known)
    app.get(path, (context) => told(context, report()))
    for (const one of [`${path}/:check`, `${path}/:store/:check`]) {
      app.get(one, (context) => {
        const all = report()
        const chosen = chosenFrom(all, context.req.param('check') ?? '', context.req.param('store'))
        return chosen === undefined ? noSuchCheck(context, all) : told(context, chosen)
      })
    }
  }
  answer(
    '/health',
    () => source.report(),
    (context, report) => respondHealth(context, report, service),
  )
  answer(
    '/livez',
    () => source.liveness(),
    (context, report) => respondProbe(context, 'livez', liveness(report, requestedChecks(context))),
  )
  answer(
    '/readyz',
    () => source.report(),
    (context, report) => respondProbe(context, 'readyz', readiness(report, requestedChecks(context))),
  )
  return new Hono().route('/', app)
}

const notStored: MiddlewareHandler = async (context, next) => {
  await next()
  context.header('cache-control', 'no-store')
}

const formats = { health: healthContentType, json: 'application/json' } as const
type Format = (typeof formats)[keyof typeof formats]

function respondHealth(context: Context<Access>, report: HealthReport, service: HealthService): Response {
  const format = formatOf(context)
  if (format === undefined) {
    return context.json(
      { error: `format must be one of ${Object.keys(formats).join(', ')}, got ${JSON.stringify(context.req.query('format'))}` },
      400,
    )
  }
  const told = (): object => (format === 'application/json' ? healthJson(report) : healthDraft(report, service))
  const { status } = report
  const statusOnly = { status: format === 'application/json' ? status : draftStatus(status) }
  const body = context.get('seesDetails') ? told() : statusOnly
  context.header('vary', 'Accept', { append: true })
  return context.body(JSON.stringify(body), isUsable(status) ? 200 : 503, { 'content-type': format })
}

/** What the address asks for goes before what the client accepts; undefined for what there is not. */
function formatOf(context: Context): Format | undefined {
  const wanted = context.req.query('format')
  if (wanted !== undefined) return Object.hasOwn(formats, wanted) ? formats[wanted as keyof typeof formats] : undefined
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

/** The report of one check alone, of one store or of all that have it. How the process is does not matter to it. */
function chosenFrom(report: HealthReport, name: string, store: string | undefined): HealthReport | undefined {
  const checks = report.checks.filter((check) => check.name === name && (store === undefined || check.store === store))
  if (checks.length === 0) return undefined
  return { ...report, status: worstStatus(checks), phase: 'running', checks }
}

function noSuchCheck(context: Context<Access>, { checks }: HealthReport): Response {
  const error = `nothing at ${context.req.path}: there is no such check`
  const there = [...new Set(checks.map(({ name, store }) => (store === undefined ? name : `${store}/${name}`)))]
  return context.json(
    { error: context.get('seesDetails') && there.length > 0 ? `${error}; there are ${there.join(', ')}` : error },
    404,
  )
}
