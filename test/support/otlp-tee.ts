import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'

/** A pipe with one way in and several ways out: what comes in goes on, byte by byte, to all of them. */
export interface OtlpTee {
  readonly url: string
  /** How each request came (`application/x-protobuf gzip`) and was answered (`200`), without repetitions. */
  readonly seen: ReadonlySet<string>
}

/** So that two backends get the very same export of one process, each without another in between. */
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
