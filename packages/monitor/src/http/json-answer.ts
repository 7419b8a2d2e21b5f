import type { MetricsRegistry } from '@wombat/instrumentation'
import type { Context } from 'hono'
import { selfTimeSlices } from '../collection/self-metrics.ts'
import { toJsonValue } from '../exporters/json.ts'
import type { TimeSlices } from '../time/time-slices.ts'
import { fixedLimits } from './limits/request-limits.ts'

/** Returns slices for the work of an answer, whose time is the monitor's own. Their pauses throw when the client is gone. */
export function answerSlices(context: Context, registry: MetricsRegistry): TimeSlices {
  return selfTimeSlices(registry, 'serving', { pause: 'turn', signal: context.req.raw.signal })
}

/** Returns a value as JSON text. Numbers that JSON cannot express are texts. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, one) => (typeof one === 'number' ? toJsonValue(one) : one))
}

/**
 * Yields the JSON text of a list, one piece for each item.
 *
 * @param describe returns what is shown of an item (default: the item itself).
 */
export function* jsonList<Item>(items: Iterable<Item>, describe: (item: Item) => unknown = (item) => item): Generator<string> {
  yield '['
  let separator = ''
  for (const item of items) {
    yield `${separator}${toJson(describe(item))}`
    separator = ','
  }
  yield ']'
}

/** Characters of a part of an answer that is sent as a whole. */
const partLength = 64 * 1024

/**
 * Answers with JSON that is created piece by piece: an answer of megabytes would block the event loop. No piece may take longer than a few
 * milliseconds.
 *
 * @param onEnd called when nothing more is created: the client has the answer, is gone, or did not read for 30 s.
 */
export async function jsonAnswer(
  context: Context,
  pieces: Iterable<string>,
  slices: TimeSlices,
  onEnd: () => void = () => {},
): Promise<Response> {
  const iterator = pieces[Symbol.iterator]()
  const headers = { 'content-type': 'application/json' }
  let impatience: NodeJS.Timeout | undefined
  let isEnded = false
  const end = (): void => {
    clearTimeout(impatience)
    if (isEnded) return
    isEnded = true
    iterator.return?.()
    onEnd()
  }
  const next = async (): Promise<Part | undefined> => {
    clearTimeout(impatience)
    let part: Part | undefined
    try {
      part = await nextPartOrGone(context, iterator, slices)
      return part
    } finally {
      if (part?.isLast !== false) end()
    }
  }
  let part = await next()
  if (part === undefined) return clientGone(context)
  if (part.isLast) return context.body(part.text, 200, headers)
  if (context.req.method === 'HEAD') {
    end()
    return context.body(null, 200, headers)
  }
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      part ??= await next()
      if (part !== undefined) controller.enqueue(encoder.encode(part.text))
      if (part === undefined || part.isLast) {
        controller.close()
        return
      }
      part = undefined
      impatience = setTimeout(() => {
        controller.error(new Error('the client does not read the answer'))
        end()
      }, fixedLimits.patienceMs).unref()
    },
    cancel: end,
  })
  return context.body(body, 200, headers)
}

/** The answer to a client that is gone. */
export function clientGone(context: Context): Response {
  return context.json({ error: 'the client closed the connection' }, 503)
}

interface Part {
  readonly text: string
  readonly isLast: boolean
}

/** Returns the next part; undefined if the client is gone. */
async function nextPartOrGone(context: Context, iterator: Iterator<string>, slices: TimeSlices): Promise<Part | undefined> {
  try {
    return await nextPart(iterator, slices)
  } catch (error) {
    if (context.req.raw.signal.aborted) return undefined
    throw error
  }
}

async function nextPart(iterator: Iterator<string>, slices: TimeSlices): Promise<Part> {
  let text = ''
  slices.begin()
  try {
    while (text.length < partLength) {
      if (slices.isDue) await slices.pause()
      const { value, done } = iterator.next()
      if (done === true) return { text, isLast: true }
      text += value
    }
    return { text, isLast: false }
  } finally {
    // Until the client has taken this part, nothing is done.
    slices.end()
  }
}
