import { auditResults, type EventKind, eventKinds } from '../../events/event.ts'
import {
  badRequest,
  choice,
  type EndpointGroup,
  failure,
  integer,
  type JsonSchema,
  json,
  list,
  number,
  object,
  plainText,
  query,
  record,
  ref,
  storeParameter,
  text,
  timeMs,
} from './description.ts'

const store = object({ engine: text(), adapter: text() })

/** The details of each kind of event. */
const details: Readonly<Record<EventKind, JsonSchema>> = {
  flush: object({ bytes: number(), 'durationSeconds?': number() }, 'A memtable was written to disk.'),
  compaction: object(
    {
      'level?': integer('the level that was written to'),
      inputFiles: integer(),
      'outputFiles?': integer(),
      'inputBytes?': number(),
      outputBytes: number(),
      'durationSeconds?': number(),
    },
    'Tables were rewritten.',
  ),
  write_stall: object(
    { cause: text('`memtable`, `level0`, `pending_compaction` or `write_buffer`'), 'durationSeconds?': number() },
    'The engine stopped or slowed down writers; without a duration while it does.',
  ),
  health_change: object({ check: text(), from: text(), to: text(), message: text() }),
  alert: object({ rule: text(), from: text(), to: text(), labels: record(text()), 'value?': number() }),
  slow_operations: object(
    {
      count: integer(),
      operations: record(integer(), 'how many, by operation'),
      worstSeconds: number(),
      cause: choice(['store', 'event_loop', 'thread_pool'], 'what the slowest one waited for'),
    },
    'Slow operations of a store that settled less than ten seconds apart.',
  ),
  event_loop_block: object({ durationSeconds: number() }, 'A block of 100 ms or more.'),
  store_opened: store,
  store_closed: store,
  settings: object({ changes: list(object({ setting: text(), 'from?': {}, 'to?': {} })) }),
  notification: object({
    notifier: text(),
    rule: text(),
    result: choice(['sent', 'failed', 'dropped', 'silenced']),
    'reason?': text(),
  }),
  silence: object({
    id: text(),
    change: choice(['created', 'deleted', 'expired']),
    matchers: record(text()),
    'durationSeconds?': number(),
  }),
  process: object({
    change: choice(['started', 'joined', 'closed', 'lost'], '`started`: the monitoring of this process'),
    'worker?': text('the process or thread that joined or ended'),
    pid: integer(),
    'thread?': integer('left out for the main thread'),
  }),
  annotation: object({}, 'Something that the application does and has named.'),
  audit: object(
    {
      who: text('name of the token or the user; `this machine` if none is required'),
      change: text('the method and the path'),
      result: choice(auditResults, '`refused`: the client may not; `rejected`: it is not valid'),
    },
    'A client has changed something over HTTP, or wanted to.',
  ),
  clock: object({ seconds: number('how far the system clock was set forward or, if negative, back') }),
}

function schemaName(kind: EventKind): string {
  return `${kind.replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase())}Event`
}

function eventSchema(kind: EventKind): JsonSchema {
  return object({
    id: text('grows with each event: `EPOCH-SEQUENCE`'),
    key: text('a later event with the same key replaces this one'),
    kind: { const: kind },
    startMs: timeMs(),
    'endMs?': timeMs('equal to `startMs` if it has no duration, left out while it lasts'),
    'store?': text(),
    'worker?': text('the process or thread in which it happened, if there are several'),
    severity: choice(['info', 'warning', 'critical']),
    title: text('what happened, in a few words'),
    details: details[kind],
  })
}

const since = query('since', 'only events after this id (default: all that are kept)')

/** The endpoints of the timeline. */
export const eventEndpoints: EndpointGroup = {
  paths: {
    '/api/v1/events': {
      get: {
        summary: 'The events that are kept',
        parameters: [
          since,
          query('kind', `only these kinds, separated by commas: ${eventKinds.map((kind) => `\`${kind}\``).join(', ')}`),
          storeParameter,
          query(
            'start',
            'only events that ended at this time or later, or last: Unix time in milliseconds, or a time such as `-1h`',
          ),
          query('end', 'only events that began at this time or earlier'),
          query('limit', 'the largest number: the first events after `since`, or else the last ones (default 1000)', {
            type: 'integer',
            minimum: 1,
            maximum: 10_000,
          }),
        ],
        responses: { 200: json(ref('EventsAnswer'), 'Events in the order in which they arrived, newest last'), 400: badRequest },
      },
    },
    '/api/v1/events/stream': {
      get: {
        summary: 'Each further event, and each sample of the history, as server-sent events',
        description:
          'Sends `change` with an event (and its `id`), `sample` with `{"timeMs": …}`, `missed` with `{"missed": …}`, and a comment every 15 seconds. The header `Last-Event-ID` replaces `since`.',
        parameters: [since],
        responses: {
          200: plainText('Server-sent events', 'text/event-stream'),
          400: badRequest,
          503: failure('Too many streams are open, or the monitoring is closing.'),
        },
      },
    },
  },
  schemas: {
    ...Object.fromEntries(eventKinds.map((kind) => [schemaName(kind), eventSchema(kind)])),
    Event: { oneOf: eventKinds.map((kind) => ref(schemaName(kind))), description: 'Something that happened, by its kind.' },
    EventsAnswer: object({
      events: list(ref('Event')),
      lastId: text('the id to continue from'),
      missed: integer('events after `since` that are not kept any more'),
    }),
  },
}
