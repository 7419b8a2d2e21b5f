import { TimeSlices } from '../time/time-slices.ts'
import { errorMessage } from '../validation/error-message.ts'
import type { Message } from './message.ts'
import type { Transport, TransportEvents } from './transport.ts'

/** Handles the messages of one name. What it returns or resolves to is the answer, if one is asked for. */
export type MessageHandler = (body: unknown, numbers: Float64Array | undefined) => unknown

/** From this number of messages on that wait to be handled, the sender has to wait. */
const maxWaiting = 64

/**
 * The other end of a connection: sends it messages and questions, and handles its own in their order. Messages are handled in slices, so
 * that the many messages of a large process do not block the event loop.
 */
export class Peer {
  readonly #transport: Transport
  readonly #handlers: Readonly<Record<string, MessageHandler>>
  readonly #open = new Map<number, (message: Message | undefined) => void>()
  readonly #waiting: Message[] = []
  readonly #onClose: (reason?: string) => void
  #handling: Promise<void> | undefined
  #isPaused = false
  #isClosed = false
  #questions = 0

  /**
   * @param connect creates the transport.
   * @param handlers the handlers by name of message.
   * @param onClose called once, when the connection has ended and its last message is handled.
   */
  constructor(
    connect: (events: TransportEvents) => Transport,
    handlers: Readonly<Record<string, MessageHandler>>,
    onClose: (reason?: string) => void,
  ) {
    this.#handlers = handlers
    this.#onClose = onClose
    this.#transport = connect({
      onMessage: (message) => this.#receive(message),
      onClose: (reason) => void this.#end(reason),
    })
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Bytes that wait to be sent. */
  get bufferedBytes(): number {
    return this.#transport.bufferedBytes
  }

  /** Sends a message. The memory of `numbers` belongs to the receiver afterwards. */
  tell(name: string, body?: unknown, numbers?: Float64Array): void {
    this.#send({ name, body, ...(numbers !== undefined && { numbers }) })
  }

  /**
   * Sends a question and resolves to the body of the answer.
   *
   * @throws Error if there is no answer within `timeoutMs`, if the connection ends, or if the other end cannot answer.
   */
  async ask(name: string, body: unknown, timeoutMs: number): Promise<unknown> {
    if (this.#isClosed) throw new Error('the connection is closed')
    const question = ++this.#questions
    let timer: NodeJS.Timeout | undefined
    const answer = await new Promise<Message | 'late' | undefined>((resolve) => {
      timer = setTimeout(() => resolve('late'), timeoutMs)
      timer.unref()
      this.#open.set(question, resolve)
      this.#send({ name, question, body })
    })
    clearTimeout(timer)
    this.#open.delete(question)
    if (answer === 'late') throw new Error(`no answer within ${timeoutMs} ms`)
    if (answer === undefined) throw new Error('the connection is closed')
    if (answer.error !== undefined) throw new Error(answer.error)
    return answer.body
  }

  close(): void {
    this.#transport.close()
  }

  #send(message: Message): void {
    if (!this.#isClosed) this.#transport.send(message)
  }

  #receive(message: Message): void {
    this.#waiting.push(message)
    if (this.#waiting.length > maxWaiting && !this.#isPaused) {
      this.#isPaused = true
      this.#transport.setPaused(true)
    }
    this.#handling ??= this.#handleAll()
  }

  async #handleAll(): Promise<void> {
    const slices = new TimeSlices()
    for (let message = this.#waiting.shift(); message !== undefined; message = this.#waiting.shift()) {
      this.#handle(message)
      if (this.#isPaused && this.#waiting.length === 0) {
        this.#isPaused = false
        this.#transport.setPaused(false)
      }
      await slices.yieldIfDue()
    }
    this.#handling = undefined
  }

  #handle(message: Message): void {
    const { name, body, numbers, question, answers } = message
    if (answers !== undefined) {
      this.#open.get(answers)?.(message)
      return
    }
    const handler = Object.hasOwn(this.#handlers, name) ? this.#handlers[name] : undefined
    if (question === undefined) {
      // A later version may send more messages than this one knows.
      attempt(() => handler?.(body, numbers))
      return
    }
    void answer(handler, name, body, numbers).then((result) => this.#send({ name, answers: question, ...result }))
  }

  async #end(reason: string | undefined): Promise<void> {
    this.#isClosed = true
    await this.#handling
    for (const resolve of this.#open.values()) resolve(undefined)
    this.#onClose(reason)
  }
}

async function answer(
  handler: MessageHandler | undefined,
  name: string,
  body: unknown,
  numbers: Float64Array | undefined,
): Promise<{ body: unknown } | { error: string }> {
  if (handler === undefined) return { error: `${name} is not known to the other process: it runs another version` }
  try {
    return { body: await handler(body, numbers) }
  } catch (error) {
    return { error: errorMessage(error) }
  }
}

/** A message that cannot be handled must not end the connection. */
function attempt(handle: () => unknown): void {
  try {
    handle()
  } catch {
    // Handlers report what they cannot use.
  }
}
