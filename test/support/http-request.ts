import { type IncomingHttpHeaders, request } from 'node:http'
import { buffer } from 'node:stream/consumers'

/** A raw response: the body is not decompressed, and redirects are not followed. */
export interface HttpResponse {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

interface HttpRequestOptions {
  readonly method?: string
  /** May contain `host`, which `fetch` does not allow. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** Sends one request over a new connection. */
export function httpRequest(url: string, { method = 'GET', headers = {}, body }: HttpRequestOptions = {}): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    request(url, { method, headers, agent: false }, async (response) => {
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: await buffer(response) })
    })
      .once('error', reject)
      .end(body)
  })
}
