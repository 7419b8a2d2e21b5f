import { healthStatuses } from '../../health/status.ts'
import { choice, type EndpointGroup, integer, list, number, object, ref, text, timeMs } from './description.ts'

/** The endpoint about all stores. */
export const storeEndpoints: EndpointGroup = {
  paths: {},
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
