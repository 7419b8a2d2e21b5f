import { isPlainObject } from '../validation/schema.ts'

/** What two processes, or two threads, of a group send each other. Its body is JSON; numbers stay binary. */
export interface Message {
  readonly name: string
  /** Set if the sender waits for an answer. */
  readonly question?: number
  /** The `question` that this message answers. */
  readonly answers?: number
  /** Why a question could not be answered. */
  readonly error?: string
  readonly body?: unknown
  readonly numbers?: Float64Array
}

const foreign = 'the other end does not send messages of this package'

const headerBytes = 8
const numberBytes = Float64Array.BYTES_PER_ELEMENT
/** Senders divide their data into messages far below this. */
const maxPartBytes = 64 * 2 ** 20

/**
 * Returns a message as bytes: the length of its JSON in bytes and the number of its numbers, each 32 bits, then the JSON, padded to
 * eight bytes, and the numbers. The byte order is the machine's: both ends run on it.
 */
export function encodeMessage({ numbers, ...head }: Message): Buffer {
  const json = Buffer.from(JSON.stringify(head))
  const jsonBytes = padded(json.length)
  const count = numbers?.length ?? 0
  const bytes = Buffer.alloc(headerBytes + jsonBytes + count * numberBytes)
  new Uint32Array(bytes.buffer, bytes.byteOffset, 2).set([json.length, count])
  json.copy(bytes, headerBytes)
  if (numbers !== undefined)
    bytes.set(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength), headerBytes + jsonBytes)
  return bytes
}

/** Finds the messages in a stream of bytes. */
export class MessageDecoder {
  #chunks: Buffer[] = []
  #available = 0
  /** The length of the next message, once its header is there. */
  #needed = headerBytes

  /**
   * Returns the messages that end in this chunk.
   *
   * @throws Error if the bytes are no messages: the other end is not of this package, or of another version.
   */
  push(chunk: Buffer): Message[] {
    this.#chunks.push(chunk)
    this.#available += chunk.length
    const messages: Message[] = []
    while (this.#available >= this.#needed) {
      const message = this.#next()
      if (message !== undefined) messages.push(message)
    }
    return messages
  }

  #next(): Message | undefined {
    const all = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks)
    this.#chunks = [all]
    const [jsonLength = 0, count = 0] = new Uint32Array(copyOf(all, 0, headerBytes))
    const jsonBytes = padded(jsonLength)
    if (jsonLength > maxPartBytes || count * numberBytes > maxPartBytes) {
      throw new Error(foreign)
    }
    const needed = headerBytes + jsonBytes + count * numberBytes
    if (all.length < needed) {
      this.#needed = needed
      return undefined
    }
    const head: unknown = JSON.parse(all.toString('utf8', headerBytes, headerBytes + jsonLength))
    if (!isPlainObject(head) || typeof head['name'] !== 'string') throw new Error(foreign)
    const numbers = count === 0 ? undefined : new Float64Array(copyOf(all, headerBytes + jsonBytes, needed))
    this.#chunks = [all.subarray(needed)]
    this.#available = all.length - needed
    this.#needed = headerBytes
    const message = head as unknown as Message
    return numbers === undefined ? message : { ...message, numbers }
  }
}

/** Returns a copy that starts at an address where numbers may start. */
function copyOf(bytes: Buffer, start: number, end: number): ArrayBuffer {
  const copy = new ArrayBuffer(end - start)
  new Uint8Array(copy).set(bytes.subarray(start, end))
  return copy
}

function padded(length: number): number {
  return Math.ceil(length / numberBytes) * numberBytes
}
