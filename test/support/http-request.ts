import { request as httpRequestOf, type IncomingHttpHeaders } from 'node:http'
import { request as httpsRequestOf } from 'node:https'
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
  /** Over TLS: the authority that is trusted, and the certificate of the client. */
  readonly tls?: { readonly ca: string; readonly cert?: string; readonly key?: string }
}

/** Sends one request over a new connection. */
export function httpRequest(
  url: string,
  { method = 'GET', headers = {}, body, tls }: HttpRequestOptions = {},
): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const send = url.startsWith('https:') ? httpsRequestOf : httpRequestOf
    send(url, { method, headers, agent: false, ...tls }, async (response) => {
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: await buffer(response) })
    })
      .once('error', reject)
      .end(body)
  })
}
