import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import { onTestFinished } from 'vitest'

/** One request; its body is decompressed. */
export interface Received {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** A server on the loopback interface that keeps the OTLP requests it receives. */
export interface OtlpReceiver {
  /** The URL without a path, `http://127.0.0.1:4318` for example. */
  readonly endpoint: string
  readonly url: string
  readonly received: readonly Received[]
  /** The status of the next responses (default: 200). */
  status: number
  /** The body of the next responses (default: empty). */
  answer: string | Buffer
  /** Resolves once it has received this many requests. */
  reached(count: number): Promise<void>
}

export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const received: Received[] = []
  const waiting = new Set<() => void>()
  const server = createServer(async (request, response) => {
    const packed = await buffer(request).catch(() => undefined)
    // The sender has ended.
    if (packed === undefined) return
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(packed) : packed
    received.push({ path: request.url ?? '', headers: request.headers, body })
    response.writeHead(receiver.status).end(receiver.answer)
    for (const look of waiting) look()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const receiver: OtlpReceiver = {
    endpoint,
    url: `${endpoint}/v1/metrics`,
    received,
    status: 200,
    answer: '',
    reached: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (received.length < count) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      }),
  }
  return receiver
}
