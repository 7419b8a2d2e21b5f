import { alertEndpoints } from './alerts.ts'
import { configEndpoints } from './config.ts'
import { type EndpointGroup, failure, json, object, type PathItem, text } from './description.ts'
import { eventEndpoints } from './events.ts'
import { healthEndpoints } from './health.ts'
import { metricEndpoints } from './metrics.ts'
import { operationEndpoints } from './operations.ts'
import { queryEndpoints } from './query.ts'
import { sessionEndpoints } from './session.ts'
import { storeEndpoints } from './stores.ts'
import { workerEndpoints } from './workers.ts'

const ownEndpoint: EndpointGroup = {
  paths: {
    '/api/v1/openapi.json': {
      get: {
        summary: 'This description',
        responses: { 200: json({ type: 'object' }, 'A document of OpenAPI 3.1') },
      },
    },
  },
  schemas: { Failure: object({ error: text('what is wrong, and what to do') }) },
}

/** Every endpoint, in the order of the documentation. */
const groups: readonly EndpointGroup[] = [
  sessionEndpoints,
  metricEndpoints,
  alertEndpoints,
  storeEndpoints,
  queryEndpoints,
  operationEndpoints,
  workerEndpoints,
  configEndpoints,
  eventEndpoints,
  healthEndpoints,
  ownEndpoint,
]

/** The answer of every endpoint to a request that is too many. Some have a reason of their own, too. */
const busy = failure(
  'Too many requests are answered or too many queries wait, or the query took too long: the text has the limit.',
)

/** Returns endpoints with what each of them may answer. */
function withBusy(paths: EndpointGroup['paths']): EndpointGroup['paths'] {
  const complete = (item: PathItem): PathItem =>
    Object.fromEntries(
      Object.entries(item).map(([method, one]) => [method, { ...one, responses: { 503: busy, ...one.responses } }]),
    )
  return Object.fromEntries(Object.entries(paths).map(([path, item]) => [path, complete(item)]))
}

/** The description of all HTTP endpoints, in the terms of OpenAPI 3.1. Tests compare it with the routes and with their answers. */
export const openApiDocument = {
  openapi: '3.1.0',
  info: {
    title: 'Wombat monitor',
    version: '1',
    description:
      'Times are Unix times in milliseconds, durations are in seconds, sizes are in bytes. A value that is unknown is left out.',
  },
  // Relative to the address of this document: the endpoints may be served below a path of the application.
  servers: [{ url: '../..' }],
  security: [{}, { token: [] }, { password: [] }, { session: [] }],
  paths: withBusy(Object.assign({}, ...groups.map(({ paths }) => paths))),
  components: {
    schemas: Object.assign({}, ...groups.map(({ schemas }) => schemas)) as EndpointGroup['schemas'],
    securitySchemes: {
      token: { type: 'http', scheme: 'bearer', description: 'The option `authToken`, or another token that is accepted.' },
      password: { type: 'http', scheme: 'basic', description: 'A user of the option `authUsersFile`, if it is set.' },
      session: {
        type: 'apiKey',
        in: 'cookie',
        name: 'wombat_session',
        description: 'The cookie that `POST /api/v1/session` sets. Its name ends in what tells the tokens apart.',
      },
    },
  },
} as const
