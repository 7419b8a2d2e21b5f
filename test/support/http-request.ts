import { type IncomingHttpHeaders, request } from 'node:http'
import { buffer } from 'node:stream/consumers'

/** A response as it came: nothing unpacked, no redirect followed. */
export interface HttpResponse {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

interface HttpRequestOptions {
  readonly method?: string
  /** May hold what browsers and `fetch` do not let one set: `host`. */
  readonly headers?: Readonly<Record<string, string>>
}

export function httpRequest(url: string, { method = 'GET', headers = {} }: HttpRequestOptions = {}): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    request(url, { method, headers, agent: false }, async (response) => {
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: await buffer(response) })
    })
      .once('error', reject)
      .end()
  })
}
