import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isPrivateHost, privateAddressCode, publicLookup } from './address-guard.ts'
import { DeliveryError, RejectedError } from './notifier.ts'

/** Options of one POST request. */
export interface PostOptions {
  readonly headers?: Readonly<Record<string, string>>
  /** Whether private, loopback and link-local addresses are allowed. */
  readonly allowPrivate: boolean
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/**
 * Posts JSON and checks the status of the answer. Redirects are not followed. No error contains the URL: it may be a secret.
 *
 * @throws RejectedError for a redirect, a 4xx status or a URL that is not allowed; DeliveryError for a 5xx status, a timeout or a
 * network error.
 */
export async function postJson(address: string, body: unknown, options: PostOptions): Promise<void> {
  const url = URL.parse(address)
  if (url === null || !/^https?:$/.test(url.protocol)) throw new RejectedError('the URL is not an http or https URL')
  if (!options.allowPrivate && isPrivateHost(url.hostname)) throw privateAddressError()
  const status = await post(url, JSON.stringify(body), options)
  if (status >= 200 && status < 300) return
  const message = `the server answered with status ${status}`
  throw status >= 500 ? new DeliveryError(message) : new RejectedError(message)
}

function post(url: URL, text: string, { headers, allowPrivate, timeoutMs, signal }: PostOptions): Promise<number> {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      if (error.code === privateAddressCode) reject(privateAddressError())
      else if (error.name === 'TimeoutError') reject(new DeliveryError(`no answer within ${timeoutMs} ms`))
      else reject(new DeliveryError(error.code ?? error.name))
    }
    const outgoing = request(
      url,
      {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), ...headers },
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
        ...(!allowPrivate && { lookup: publicLookup }),
      },
      (response) => {
        response.on('error', fail)
        response.resume()
        response.on('end', () => resolve(response.statusCode ?? 0))
      },
    )
    outgoing.on('error', (error) => fail(signal.aborted ? error : abortCause(error)))
    outgoing.end(text)
  })
}

function privateAddressError(): RejectedError {
  return new RejectedError(
    'the URL leads to a private, loopback or link-local address: set allowPrivate (alertWebhookAllowPrivate) to allow it',
  )
}

/** Returns the cause of an AbortError, which shows whether it was a timeout; returns any other error unchanged. */
function abortCause(error: Error): NodeJS.ErrnoException {
  return error.name === 'AbortError' && error.cause instanceof Error ? error.cause : error
}
