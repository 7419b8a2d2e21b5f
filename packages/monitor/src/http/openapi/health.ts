import { healthStatuses } from '../../health/status.ts'
import {
  type Answer,
  choice,
  type Endpoint,
  type EndpointGroup,
  failure,
  json,
  list,
  number,
  object,
  type Parameter,
  type PathItem,
  pathParameter,
  plainText,
  query,
  record,
  ref,
  repeatable,
  text,
  timeMs,
} from './description.ts'
import { refusedChange } from './session.ts'

const checkParameter = pathParameter('check', "a health check's name")
const pathParameters = { check: checkParameter, store: pathParameter('store', "a store's name") }

/** Returns the paths of an endpoint: for all checks, for one, and for one of one store. */
function withChecks(path: string, endpoint: Endpoint): Record<string, PathItem> {
  const { parameters = [] } = endpoint
  const get = (more: readonly Parameter[]): PathItem => ({
    get: {
      ...endpoint,
      parameters: [...more, ...parameters],
      responses: { ...endpoint.responses, ...(more.length > 0 && { 404: failure('There is no such check.') }) },
      security: [{}, { token: [] }],
    },
  })
  return {
    [path]: get([]),
    [`${path}/{check}`]: get([pathParameters.check]),
    [`${path}/{store}/{check}`]: get([pathParameters.store, pathParameters.check]),
  }
}

const report = (description: string): Answer => ({
  description,
  content: {
    'application/health+json': { schema: { anyOf: [ref('HealthDraft'), ref('HealthDraftStatus')] } },
    'application/json': { schema: { anyOf: [ref('HealthReport'), ref('HealthStatusOnly')] } },
  },
})

const exclude = repeatable('exclude', 'a check that is left out: `CHECK` or `STORE:CHECK`')
const verbose = query('verbose', 'lists every check, for those who may see details')
const probe = (summary: string): Endpoint => ({
  summary,
  parameters: [exclude, verbose],
  responses: { 200: plainText('`ok`'), 503: plainText('`failed`') },
})

const healthDetails = json(
  { anyOf: [ref('HealthDetails'), ref('HealthStatusOnly')] },
  'The report of `GET /health?format=json`, with `changes`; without access to details only the status',
)

const draftStatus = choice(['pass', 'warn', 'fail'])
const status = choice(healthStatuses)

/** `/health` and the probes for Kubernetes. */
export const healthEndpoints: EndpointGroup = {
  paths: {
    ...withChecks('/health', {
      summary: 'The health of the process and its stores',
      description: 'Without access to details, the answer is only a status.',
      parameters: [query('format', 'overrides the header `Accept`', choice(['health', 'json']))],
      responses: {
        200: report('Healthy or degraded'),
        400: failure('The format is unknown.'),
        503: report('Unhealthy, critical or unknown'),
      },
    }),
    '/api/v1/health': {
      get: {
        summary: 'The health of the process and its stores, with the last changes',
        responses: { 200: healthDetails },
      },
    },
    '/api/v1/health/run': {
      post: {
        summary: 'Run all checks of the process now',
        description: 'Requests during a run share it.',
        responses: { 200: healthDetails, 403: refusedChange },
      },
    },
    ...withChecks('/livez', probe('Whether a restart would help, for Kubernetes')),
    ...withChecks('/readyz', probe('Whether the process can take requests, for Kubernetes')),
  },
  schemas: {
    HealthObservation: object({
      name: text('what was measured, in words'),
      'value?': number(),
      unit: text('in UCUM'),
      'bound?': number('the bound that was crossed or, if none was, the next one'),
      'series?': object({ metric: text(), labels: ref('Labels') }),
    }),
    HealthCause: object({
      message: text(),
      'check?': text('the check of which this one is a symptom'),
      'store?': text(),
    }),
    HealthTrend: object({
      direction: choice(['rising', 'falling', 'steady']),
      'perHour?': number('in the unit of the value'),
      overSeconds: number(),
      'forecast?': text(),
    }),
    HealthCheck: object({
      name: text(),
      'store?': text(),
      status,
      message: text(),
      'lastCheckMs?': timeMs('when it ran last'),
      sinceMs: timeMs('since when it has this status'),
      'durationSeconds?': number('of the last run'),
      'maxStatus?': choice(['degraded', 'unhealthy'], 'the highest status that it adds to the whole'),
      'observed?': ref('HealthObservation'),
      'reason?': text('identifies the kind of problem'),
      'worker?': text('the process with this result, if there are several'),
      'cause?': ref('HealthCause'),
      'nextSteps?': list(text(), 'what to do, most important first'),
      'trend?': ref('HealthTrend'),
      'runbookUrl?': text(),
    }),
    HealthReport: object({
      status,
      timeMs: timeMs(),
      phase: choice(['off', 'starting', 'running', 'stopping']),
      checks: list(ref('HealthCheck')),
    }),
    HealthChange: object({ timeMs: timeMs(), name: text(), 'store?': text(), from: status, to: status, message: text() }),
    HealthDetails: object({
      status,
      timeMs: timeMs(),
      phase: choice(['off', 'starting', 'running', 'stopping']),
      checks: list(ref('HealthCheck')),
      changes: list(ref('HealthChange'), 'the last 100 of this process, newest first'),
    }),
    HealthStatusOnly: object({ status }),
    HealthDraftCheck: object({
      'componentId?': text('the store'),
      componentType: choice(['system', 'datastore']),
      'observedValue?': number(),
      'observedUnit?': text(),
      status: draftStatus,
      'time?': text('ISO 8601'),
      'output?': text(),
      'links?': record(text()),
      'since?': text('ISO 8601'),
      'bound?': number(),
      'cause?': ref('HealthCause'),
      'trend?': ref('HealthTrend'),
      'nextSteps?': list(text()),
    }),
    HealthDraft: object({
      status: draftStatus,
      'notes?': list(text()),
      'serviceId?': text(),
      'description?': text(),
      checks: record(list(ref('HealthDraftCheck')), 'by `STORE:CHECK`, or `CHECK` of the process'),
    }),
    HealthDraftStatus: object({ status: draftStatus }),
  },
}
