/** One block of server-sent events. */
export interface ServerSentEvent {
  readonly event: string | undefined
  readonly id: string | undefined
  readonly data: Readonly<Record<string, unknown>> | undefined
}

/** Reads a stream of server-sent events over HTTP. */
export class EventStreamClient {
  readonly response: Response
  readonly received: ServerSentEvent[] = []
  isEnded = false
  readonly #abort: AbortController
  readonly #reading: Promise<void>

  private constructor(response: Response, abort: AbortController) {
    this.response = response
    this.#abort = abort
    this.#reading = this.#read().catch(() => {})
  }

  /** Connects, and reads until `close` or the end of the stream. */
  static async connect(url: string, headers: Readonly<Record<string, string>> = {}): Promise<EventStreamClient> {
    const abort = new AbortController()
    const response = await fetch(url, { headers, signal: abort.signal })
    return new EventStreamClient(response, abort)
  }

  /** The last id that was received. */
  get lastId(): string | undefined {
    return this.received.findLast(({ id }) => id !== undefined)?.id
  }

  /** Returns the data of the events of a name. */
  of(name: string): Array<Readonly<Record<string, unknown>>> {
    return this.received.flatMap(({ event, data }) => (event === name && data !== undefined ? [data] : []))
  }

  /** Resolves when the server has ended the stream. */
  ended(): Promise<void> {
    return this.#reading
  }

  async close(): Promise<void> {
    this.#abort.abort()
    await this.#reading
  }

  async #read(): Promise<void> {
    let rest = ''
    const decoder = new TextDecoder()
    for await (const chunk of this.response.body ?? []) {
      const blocks = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks) this.received.push(parse(block))
    }
    this.isEnded = true
  }
}

function parse(block: string): ServerSentEvent {
  const field = (name: string): string | undefined => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1]
  const data = field('data')
  return { event: field('event'), id: field('id'), data: data === undefined ? undefined : JSON.parse(data) }
}
