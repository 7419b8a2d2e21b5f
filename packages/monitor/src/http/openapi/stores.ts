import { healthStatuses } from '../../health/status.ts'
import {
  badRequest,
  choice,
  type EndpointGroup,
  integer,
  json,
  list,
  number,
  object,
  query,
  ref,
  text,
  timeMs,
} from './description.ts'

/** The endpoint about all stores. */
export const storeEndpoints: EndpointGroup = {
  paths: {
    '/api/v1/stores': {
      get: {
        summary: 'All stores, with their state, health, alerts and main numbers',
        parameters: [query('window', 'the period of rates and of `p99Seconds` (default `5m`)')],
        responses: { 200: json(ref('StoresAnswer'), 'The stores'), 400: badRequest },
      },
    },
  },
  schemas: {
    Store: object({
      store: text('its name'),
      'engine?': text(),
      'engineVersion?': text(),
      'adapter?': text(),
      state: choice(['open', 'opening', 'closed']),
      health: choice(healthStatuses),
      'operationsPerSecond?': number(),
      'errorsPerSecond?': number(),
      'errorShare?': number('failed operations per operation'),
      'p99Seconds?': number('of all its operations'),
      'queueDepth?': number('operations in flight'),
      'oldestOperationSeconds?': number(),
      'sizeBytes?': number('of its files'),
      'memoryBytes?': number(),
      'hitRatio?': number('of its cache'),
      firing: integer('alerts that fire'),
      pending: integer('alerts that are pending'),
      operations: list(text(), 'the operations that it has'),
      metrics: list(text(), 'the metrics that have a series of it now'),
    }),
    StoresAnswer: object({ timeMs: timeMs(), stores: list(ref('Store'), 'sorted by name') }),
  },
}
