import { slowOrders } from '../../operations/operation-answers.ts'
import { latencyCauses } from '../../process/process-state.ts'
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

const listParameters = [
  storeParameter,
  query('operation', 'only this operation (default: all)'),
  query('start', 'only those from this time on: Unix time in milliseconds, `now`, or for example `-1h`'),
  query('end', 'only those until this time'),
  query('limit', 'the largest number of entries (default 100)', { type: 'integer', minimum: 1, maximum: 10_000 }),
  query('offset', 'how many entries are left out at the beginning (default 0)', integer()),
]
const worker = text('the process in which it ran, if there are several')

/** The endpoints about single operations. */
export const operationEndpoints: EndpointGroup = {
  paths: {
    '/api/v1/slow-operations': {
      get: {
        summary: 'The last slow operations',
        parameters: [
          ...listParameters,
          query('cause', 'only those whose largest part this is', choice(latencyCauses)),
          query('minSeconds', 'only those that took as long', number()),
          query('sort', 'the newest or the slowest first (default `time`)', choice(slowOrders)),
        ],
        responses: { 200: json(ref('SlowOperationsAnswer'), 'One page of slow operations'), 400: badRequest },
      },
    },
    '/api/v1/errors': {
      get: {
        summary: 'The last errors',
        description: 'Equal errors within one second are one entry.',
        parameters: [
          ...listParameters,
          query('errorType', 'only errors of this type (default: all)'),
          query(
            'window',
            'how far back rate and counts look, and the entries without `start` and `end`: at least `1s` (default `5m`, or less shortly after the start)',
          ),
        ],
        responses: { 200: json(ref('ErrorsAnswer'), 'One page of errors, newest first'), 400: badRequest },
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
      cause: choice(latencyCauses, 'the largest part'),
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
      total: integer('on all pages'),
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
      total: integer('entries on all pages'),
      'ratePerSecond?': number('of the store; unknown if the window begins before `knownSinceMs`'),
      countsByType: record(integer(), 'of the store'),
      windowSeconds: number(),
      'knownSinceMs?': timeMs('since when every error is counted'),
    }),
  },
}
