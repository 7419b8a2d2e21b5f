import type { MetricsRegistry } from '@wombat/instrumentation'
import type { TimelineEvent } from '../events/event.ts'
import type { EventLog } from '../events/event-log.ts'
import { fixedLimits } from './limits/request-limits.ts'

export interface EventStreamsOptions {
  readonly events: EventLog
  /** Counts streams that are refused or dropped. */
  readonly registry: MetricsRegistry
  /** The largest number of open streams (default 100). */
  readonly maxStreams?: number
  /** Milliseconds between two comments, which show that the connection is alive (default 15 s). */
  readonly heartbeatMs?: number
  /** Events and samples that follow each other within this time, in milliseconds, are sent together (default 50). */
  readonly delayMs?: number
}

/** The connection of a stream. */
export interface StreamConnection {
  /** Returns whether its client may still read. */
  readonly isAllowed?: () => boolean
  /** Ends the connection at once. */
  readonly disconnect?: () => void
}

/** Events that are sent at once: the next ones follow when the reader has taken these. */
const eventsPerPart = 200
/** A reader that takes nothing for so many heartbeats is dropped. */
const maxMissedHeartbeats = 3
/** What a client waits before it connects again, in milliseconds. */
const retryMs = 2000

type DropReason = 'limit' | 'slow'

/**
 * The open streams of events, as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). A stream is a place in
 * the event log and at most one part that its reader has not taken yet; while there is one, nothing more is written for it. Without a
 * stream, it costs nothing.
 */
export class EventStreams {
  readonly #options: Required<EventStreamsOptions>
  readonly #streams = new Set<EventStream>()
  #sampleMs: number | undefined
  #unsubscribe: () => void = () => {}
  #heartbeat: NodeJS.Timeout | undefined
  #filling: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(options: EventStreamsOptions) {
    this.#options = { maxStreams: fixedLimits.eventStreams, heartbeatMs: 15_000, delayMs: 50, ...options }
    for (const reason of ['limit', 'slow'] as const) {
      options.registry.counter('wombat_monitor_event_streams_dropped_total', { reason })
    }
  }

  /** How many streams are open. */
  get size(): number {
    return this.#streams.size
  }

  /** Opens a stream of the events after an id, or of all that are kept. Returns its body, or why it cannot be opened. */
  open(since: string | undefined, connection: StreamConnection = {}): ReadableStream<Uint8Array> | { readonly error: string } {
    const { events, maxStreams } = this.#options
    if (this.#isClosed) return { error: 'the monitoring is closing: try again later' }
    if (this.#streams.size >= maxStreams) {
      this.#countDrop('limit', `${maxStreams} streams of events are open, another one was refused`)
      return { error: `${maxStreams} streams are open already: close one, or read /api/v1/events instead` }
    }
    const stream = new EventStream({
      position: since ?? '',
      displaced: events.displaced,
      sampleMs: this.#sampleMs,
      connection,
      onTaken: () => this.#fillSoon(),
      onEnd: () => this.#remove(stream),
    })
    if (this.#streams.size === 0) this.#start()
    this.#streams.add(stream)
    stream.send(openingText(events, since))
    this.#fillSoon()
    return stream.body
  }

  /**
   * Returns what a stream would send now, as a text that ends: for a connection that cannot stay open. The client connects again, with the
   * last id, in which the time of the last sample is kept.
   */
  poll(since: string | undefined): string {
    const { events } = this.#options
    const parts = [openingText(events, since)]
    for (let position = since ?? ''; position !== events.lastId; ) {
      const page = events.query({ since: position, limit: eventsPerPart })
      parts.push(...page.events.map(changeText))
      position = page.lastId
    }
    const knownMs = Number(/\.(\d{1,16})$/.exec(since ?? '')?.[1] ?? 0)
    const sampleMs = this.#sampleMs
    if (sampleMs !== undefined && sampleMs !== knownMs) parts.push(sampleText(sampleMs))
    parts.push(`id: ${events.lastId}${sampleMs === undefined ? '' : `.${sampleMs}`}\n\n`)
    return parts.join('')
  }

  /** Notifies the readers of a sample of the history. `timeMs` is Unix time in milliseconds. */
  sendSample(timeMs: number): void {
    this.#sampleMs = Math.round(timeMs)
    if (this.#streams.size > 0) this.#fillSoon()
  }

  /** Ends all streams, and opens no more. Their clients connect again. */
  close(): void {
    this.#isClosed = true
    for (const stream of this.#streams) stream.end()
  }

  #start(): void {
    const { events, heartbeatMs } = this.#options
    this.#unsubscribe = events.onEvent(() => this.#fillSoon())
    this.#heartbeat = setInterval(() => this.#beat(), heartbeatMs).unref()
  }

  #remove(stream: EventStream): void {
    this.#streams.delete(stream)
    if (this.#streams.size > 0) return
    this.#unsubscribe()
    clearInterval(this.#heartbeat)
    clearTimeout(this.#filling)
    this.#filling = undefined
  }

  #beat(): void {
    for (const stream of this.#streams) {
      if (!stream.isAllowed) stream.end()
      else if (stream.isTaken) {
        stream.send(':\n\n')
        stream.missedHeartbeats = 0
      } else if (++stream.missedHeartbeats >= maxMissedHeartbeats) {
        this.#countDrop('slow', 'a reader of the stream of events took nothing for a long time and was disconnected')
        stream.drop()
      }
    }
  }

  #fillSoon(): void {
    if (this.#streams.size > 0) this.#filling ??= setTimeout(() => this.#fill(), this.#options.delayMs).unref()
  }

  /** Writes the next part of each stream whose reader has taken the one before. */
  #fill(): void {
    this.#filling = undefined
    const { events } = this.#options
    // Most streams are at the same place.
    const parts = new Map<string, { readonly text: string; readonly position: string }>()
    for (const stream of this.#streams) {
      if (!stream.isTaken) continue
      let text = ''
      const { position } = stream
      if (position !== events.lastId) {
        const missed = events.countMissed(position, stream.displaced)
        if (missed > 0) text += missedText(missed)
        stream.displaced = events.displaced
        let part = parts.get(position)
        if (part === undefined) {
          const page = events.query({ since: position, limit: eventsPerPart })
          // The id alone: a client that has received no event continues here, too.
          part = { text: `${page.events.map(changeText).join('')}id: ${page.lastId}\n\n`, position: page.lastId }
          parts.set(position, part)
        }
        text += part.text
        stream.position = part.position
      }
      if (this.#sampleMs !== undefined && stream.sampleMs !== this.#sampleMs) text += sampleText(this.#sampleMs)
      stream.sampleMs = this.#sampleMs
      if (text !== '') stream.send(text)
    }
  }

  #countDrop(reason: DropReason, message: string): void {
    const { registry } = this.#options
    registry.incrementCounter('wombat_monitor_event_streams_dropped_total', 1, { reason })
    registry.warnOnce(`event stream ${reason}`, `${message}; further ones are only counted`)
  }
}

interface EventStreamOptions {
  readonly position: string
  readonly displaced: number
  readonly sampleMs: number | undefined
  readonly connection: StreamConnection
  /** Called when the reader has taken all that was sent. */
  readonly onTaken: () => void
  readonly onEnd: () => void
}

/** One reader. What was sent waits here until the reader takes it. */
class EventStream {
  readonly body: ReadableStream<Uint8Array>
  /** The id of the last event that was sent. */
  position: string
  /** How many displaced events it has been told of. */
  displaced: number
  /** The last sample that was sent. */
  sampleMs: number | undefined
  missedHeartbeats = 0
  readonly #options: EventStreamOptions
  readonly #encoder = new TextEncoder()
  #waiting = ''
  #wake: (() => void) | undefined
  #isEnded = false
  #isRemoved = false

  constructor(options: EventStreamOptions) {
    this.#options = options
    this.position = options.position
    this.displaced = options.displaced
    this.sampleMs = options.sampleMs
    this.body = new ReadableStream<Uint8Array>(
      { pull: (controller) => this.#pull(controller), cancel: () => this.#finish() },
      // Nothing is read ahead: only what the connection can take leaves this object.
      { highWaterMark: 0 },
    )
  }

  /** Whether its client may still read: it may have signed out. */
  get isAllowed(): boolean {
    return this.#options.connection.isAllowed?.() ?? true
  }

  /** Whether the reader has taken all that was sent. */
  get isTaken(): boolean {
    return this.#waiting === ''
  }

  send(text: string): void {
    this.#waiting += text
    this.#wake?.()
  }

  /** Ends the stream after what was sent. */
  end(): void {
    this.#isEnded = true
    this.#wake?.()
    this.#remove()
  }

  /** Ends the stream and its connection at once. */
  drop(): void {
    this.#waiting = ''
    this.end()
    this.#options.connection.disconnect?.()
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    while (this.#waiting === '' && !this.#isEnded) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    const text = this.#waiting
    this.#waiting = ''
    if (text !== '') controller.enqueue(this.#encoder.encode(text))
    if (this.#isEnded) {
      controller.close()
      return
    }
    this.#options.onTaken()
  }

  #finish(): void {
    this.#isEnded = true
    this.#wake?.()
    this.#remove()
  }

  #remove(): void {
    if (this.#isRemoved) return
    this.#isRemoved = true
    this.#options.onEnd()
  }
}

/** Returns the first lines of a stream: how long to wait before the next connection, and how many events were missed since the last one. */
function openingText(events: EventLog, since: string | undefined): string {
  const missed = since === undefined ? 0 : events.countMissed(since)
  const isKnown = since === undefined || events.isKnownId(since)
  return `retry: ${retryMs}\n\n${missed > 0 || !isKnown ? missedText(missed) : ''}`
}

function changeText(event: TimelineEvent): string {
  return `event: change\nid: ${event.id}\ndata: ${JSON.stringify(event)}\n\n`
}

function sampleText(timeMs: number): string {
  return `event: sample\ndata: {"timeMs":${timeMs}}\n\n`
}

function missedText(missed: number): string {
  return `event: missed\ndata: {"missed":${missed}}\n\n`
}
