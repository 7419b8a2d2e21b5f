import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Takes OTLP over HTTP and counts what comes. */
export interface OtlpReceiver extends AsyncDisposable {
  /** Where metrics are sent. */
  readonly url: string
  readonly exports: number
  readonly bytes: number
}

/** A receiver on loopback, on any free port, for who has no Collector at hand. Told of its end, `closed` hears what it got. */
export async function openOtlpReceiver(closed: (receiver: OtlpReceiver) => void): Promise<OtlpReceiver> {
  let exports = 0
  let bytes = 0
  const server = createServer(async (request, response) => {
    for await (const chunk of request) bytes += (chunk as Buffer).length
    exports++
    // OTLP's answer to an export that was taken whole: an empty message.
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const receiver: OtlpReceiver = {
    url: `http://127.0.0.1:${port}/v1/metrics`,
    get exports() {
      return exports
    },
    get bytes() {
      return bytes
    },
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      closed(receiver)
    },
  }
  return receiver
}
