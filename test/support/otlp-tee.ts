import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'

/** An OTLP endpoint that forwards each request unchanged to several URLs. */
export interface OtlpTee {
  readonly url: string
  /** The distinct combinations of content type, encoding and response status, `application/x-protobuf gzip 200` for example. */
  readonly seen: ReadonlySet<string>
}

/** Starts a tee, so that several backends receive the very same export of one process. */
export async function startOtlpTee(urls: readonly string[]): Promise<OtlpTee> {
  const seen = new Set<string>()
  const passOn = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await buffer(request)
    const type = String(request.headers['content-type'])
    const encoding = String(request.headers['content-encoding'])
    const headers = { 'content-type': type, 'content-encoding': encoding }
    const answers = await Promise.all(urls.map((url) => fetch(url, { method: 'POST', headers, body })))
    for (const answer of answers) {
      seen.add(`${type} ${encoding} ${answer.status}${answer.ok ? '' : `: ${await answer.text()}`}`)
      await answer.body?.cancel().catch(() => {})
    }
    response.writeHead(answers.every(({ ok }) => ok) ? 200 : 502).end()
  }
  const server = createServer((request, response) => {
    passOn(request, response).catch((error) => {
      seen.add(String(error))
      response.writeHead(502).end()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/metrics`, seen }
}
