import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Receives OTLP over HTTP and counts the exports. */
export interface OtlpReceiver extends AsyncDisposable {
  /** The URL to export to. */
  readonly url: string
  readonly exports: number
  readonly bytes: number
}

/** Starts a receiver on a free port of loopback, for a demo without a Collector. Calls `onClosed` when it is closed. */
export async function openOtlpReceiver(onClosed: (receiver: OtlpReceiver) => void): Promise<OtlpReceiver> {
  let exports = 0
  let bytes = 0
  const server = createServer(async (request, response) => {
    for await (const chunk of request) bytes += (chunk as Buffer).length
    exports++
    // An empty message: OTLP's response if every point was accepted.
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
      onClosed(receiver)
    },
  }
  return receiver
}
