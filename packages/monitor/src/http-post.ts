import type { Agent, IncomingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'

/** One POST request. */
export interface HttpPost {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
  /** Time limit in milliseconds, from the start to the last byte of the answer. */
  readonly timeoutMs: number
  /** Ends the request early. */
  readonly signal: AbortSignal
  /** What connections are taken from (default: the agent of Node, which may use a proxy). */
  readonly agent?: Agent
  /** Opens the connection. No agent is used then, and no proxy. */
  readonly connect?: () => Socket
}

/** The whole answer to a request. */
export interface HttpAnswer {
  readonly status: number
  /** Empty if the server sent none. */
  readonly statusText: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** The answer of a receiver is a few words; more than this is not read. */
const maxAnswerBytes = 1024 * 1024

/** A request that has got no whole answer. Its message contains no URL: that may be a secret. */
export class PostError extends Error {
  override readonly name = 'PostError'
}

/**
 * Sends a POST request and reads the answer, whatever its status is. Redirects are not followed. When this settles, either the answer is
 * complete, or the connection is closed.
 *
 * @throws PostError if the answer is not complete in time, or is longer than 1 MiB; else the error of the connection.
 */
export function post(url: URL, { headers, body, timeoutMs, signal, agent, connect }: HttpPost): Promise<HttpAnswer> {
  // Loaded by the first request: the client of HTTPS takes 8 MiB.
  const { request } = process.getBuiltinModule(url.protocol === 'https:' ? 'node:https' : 'node:http')
  return new Promise((resolve, reject) => {
    const deadline = AbortSignal.timeout(timeoutMs)
    let hasBegun = false
    let own: Socket | undefined
    const outgoing = request(url, {
      method: 'POST',
      headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
      signal: AbortSignal.any([signal, deadline]),
      ...(agent !== undefined && { agent }),
      ...(connect !== undefined && { createConnection: () => (own = connect()) }),
    })
    const fail = (error: Error): void => {
      const isLate = deadline.aborted && !signal.aborted
      const problem = hasBegun ? `the answer was not complete after ${timeoutMs} ms` : `no answer within ${timeoutMs} ms`
      reject(isLate ? new PostError(problem) : error)
      outgoing.destroy()
    }
    outgoing.on('error', fail)
    outgoing.once('socket', (socket) => {
      // A library of the application may send every request through an agent of its own.
      if (connect === undefined || socket === own) outgoing.end(body)
      else fail(new PostError('the application replaces the connection by that of another agent, which may be a proxy'))
    })
    outgoing.once('response', (response) => {
      hasBegun = true
      const chunks: Buffer[] = []
      let sizeBytes = 0
      response.on('error', fail)
      response.on('data', (chunk: Buffer) => {
        sizeBytes += chunk.length
        if (sizeBytes > maxAnswerBytes) fail(new PostError('the answer is longer than 1 MiB'))
        else chunks.push(chunk)
      })
      response.on('end', () => {
        const { statusCode: status = 0, statusMessage: statusText = '', headers } = response
        resolve({ status, statusText, headers, body: Buffer.concat(chunks) })
      })
    })
  })
}

/** A receiver cannot ask for a longer delay than this, in milliseconds. */
const maxRetryAfterMs = 3_600_000

/** Returns the delay in a `Retry-After` header, in milliseconds; undefined if there is none, or it is not valid. */
export function parseRetryAfter(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined || text.trim() === '') return undefined
  const isDate = /^[a-z]{3}, .* GMT$/i.test(text.trim())
  const delayMs = isDate ? Date.parse(text) - nowMs : /^\d+$/.test(text.trim()) ? Number(text) * 1000 : Number.NaN
  return Number.isNaN(delayMs) ? undefined : Math.min(maxRetryAfterMs, Math.max(0, delayMs))
}
