import type { MetricsRegistry } from '@wombat/instrumentation'
import { type Context, Hono } from 'hono'
import { type EventKind, eventKinds, type TimelineEvent } from '../../events/event.ts'
import type { EventLog } from '../../events/event-log.ts'
import { suggest } from '../../validation/format-issue.ts'
import { optional, text } from '../../validation/schema.ts'
import type { Access } from '../access.ts'
import type { EventStreams } from '../event-streams.ts'
import { answerSlices, jsonAnswer, jsonList, toJson } from '../json-answer.ts'
import { moment, numeric, parseParameters, withDefault } from './parameters.ts'

const isLimit = (value: number): boolean => Number.isInteger(value) && value >= 1 && value <= 10_000

const streamParameters = { since: optional(text('the id of an event', 0)) }
const eventParameters = {
  ...streamParameters,
  kind: optional(text('kinds of events, separated by commas')),
  store: optional(text("a store's name")),
  start: optional(moment()),
  end: optional(moment()),
  limit: withDefault(numeric('a whole number from 1 to 10000', isLimit), 1000),
}

const streamHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // nginx would collect the events until its buffer is full.
  'x-accel-buffering': 'no',
}

export interface EventRoutesOptions {
  readonly events: EventLog
  readonly registry: MetricsRegistry
  readonly streams: EventStreams
  /** Returns whether a client may still read the stream that it has opened. */
  readonly isAllowed: (context: Context<Access>) => boolean
  /** Returns the Unix time in milliseconds. */
  readonly now: () => number
}

/**
 * Creates the endpoints of the timeline. Both answer 400 with the reason if a parameter is not valid.
 *
 * - `GET /api/v1/events`: the events that are kept, in the order in which they arrived.
 * - `GET /api/v1/events/stream`: each further event, and each sample of the history, as server-sent events. 503 if too many streams are
 *   open.
 */
export function eventRoutes({ events, registry, streams, isAllowed, now }: EventRoutesOptions): Hono<Access> {
  return new Hono<Access>()
    .get('/api/v1/events', async (context) => {
      const query = parseParameters(eventParameters, context.req.query())
      if ('error' in query) return context.json(query, 400)
      const { kind, store, start, end, since, limit } = query.parameters
      const kinds = kind?.split(',')
      const unknown = kinds?.find((one) => !isKind(one))
      if (unknown !== undefined) {
        return context.json(
          { error: `kind ${JSON.stringify(unknown)} is unknown${suggest(unknown, eventKinds)}; ${kindList}` },
          400,
        )
      }
      const nowMs = now()
      const answer = events.query({
        since,
        limit,
        kinds: kinds && new Set(kinds.filter(isKind)),
        stores: store === undefined ? undefined : new Set([store]),
        startMs: start?.(nowMs),
        endMs: end?.(nowMs),
      })
      return jsonAnswer(context, answerText(answer), answerSlices(context, registry))
    })
    .get('/api/v1/events/stream', (context) => {
      const query = parseParameters(streamParameters, context.req.query())
      if ('error' in query) return context.json(query, 400)
      // A browser that connects again sends the header, and the address as it was at first.
      const since = context.req.header('last-event-id') ?? query.parameters.since
      if (context.req.method === 'HEAD') return context.body(null, 200, streamHeaders)
      // The answer to another process is one text.
      if (context.env?.isForwarded === true) return context.body(streams.poll(since), 200, streamHeaders)
      const stream = streams.open(since, { isAllowed: () => isAllowed(context), disconnect: () => disconnect(context) })
      if ('error' in stream) return context.json(stream, 503, { 'retry-after': '10' })
      return context.body(stream, 200, streamHeaders)
    })
}

const kindList = `the kinds are ${eventKinds.join(', ')}`

function isKind(text: string): text is EventKind {
  return eventKinds.some((kind) => kind === text)
}

function* answerText(answer: { readonly events: readonly TimelineEvent[]; readonly lastId: string; readonly missed: number }) {
  yield '{"events":'
  yield* jsonList(answer.events)
  yield `,"lastId":${toJson(answer.lastId)},"missed":${answer.missed}}`
}

/** Ends the connection of a Node server; a fetch handler has none. */
function disconnect(context: Context<Access>): void {
  context.env?.incoming?.socket.destroy?.()
}
