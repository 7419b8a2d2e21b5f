import {
  badRequest,
  boolean,
  choice,
  type EndpointGroup,
  integer,
  json,
  list,
  number,
  object,
  query,
  record,
  ref,
  storeParameter,
  text,
  timeMs,
} from './description.ts'

const limit = query('limit', 'the largest number of entries (default 100)', { type: 'integer', minimum: 1, maximum: 10_000 })
const worker = text('the process in which it ran, if there are several')

/** The endpoints about single operations. */
export const operationEndpoints: EndpointGroup = {
  paths: {
    '/api/v1/slow-operations': {
      get: {
        summary: 'The last slow operations',
        parameters: [storeParameter, limit],
        responses: { 200: json(ref('SlowOperationsAnswer'), 'Slow operations, newest first'), 400: badRequest },
      },
    },
    '/api/v1/errors': {
      get: {
        summary: 'The last errors',
        description: 'Equal errors within one second are one entry.',
        parameters: [
          storeParameter,
          limit,
          query('window', 'how far back to look, at least `1s` (default `5m`, or less shortly after the start)'),
        ],
        responses: { 200: json(ref('ErrorsAnswer'), 'Errors, newest first'), 400: badRequest },
      },
    },
  },
  schemas: {
    SlowOperation: object({
      timeMs: timeMs('when it settled'),
      store: text(),
      operation: text(),
      durationSeconds: number(),
      storeSeconds: number('lower limit of the time that the store took'),
      loopSeconds: number('upper limit of the time that the result waited for the event loop'),
      poolSeconds: number('upper limit of the time that it waited for a thread of the pool'),
      cause: choice(['store', 'event_loop', 'thread_pool'], 'the largest part'),
      eventLoopDelaySeconds: number(),
      'entries?': integer('of a batch or a scan'),
      'keyBytes?': integer(),
      'valueBytes?': integer(),
      'inFlight?': integer('operations of the store in flight, including itself'),
      isFailed: boolean(),
      'traceId?': text(),
      'spanId?': text(),
      'worker?': worker,
    }),
    SlowThreshold: object(
      { store: text(), operation: text(), seconds: number(), 'worker?': worker },
      'From when an operation is slow that usually takes much less.',
    ),
    SlowOperationsAnswer: object({
      slowOperations: list(ref('SlowOperation')),
      thresholdSeconds: number('from when every operation is slow'),
      adaptiveThresholds: list(ref('SlowThreshold')),
      suppressed: integer('lines that the log left out'),
      enabled: boolean(),
    }),
    ErrorEntry: object({
      firstMs: timeMs('of the first of these errors'),
      lastMs: timeMs('of the last of these errors'),
      store: text(),
      operation: text(),
      errorType: text('the value of the label `error_type`'),
      count: integer(),
      'message?': text('what the `errorRedactor` returned'),
      'worker?': worker,
    }),
    ErrorsAnswer: object({
      errors: list(ref('ErrorEntry')),
      'ratePerSecond?': number('unknown if the window begins before `knownSinceMs`'),
      countsByType: record(integer()),
      windowSeconds: number(),
      'knownSinceMs?': timeMs('since when every error is counted'),
    }),
  },
}
