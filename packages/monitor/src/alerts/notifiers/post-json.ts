import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { guardedLookup, validateHost } from './address-guard.ts'
import { NotSentError, RejectedError } from './notifier.ts'

export interface PostOptions {
  readonly headers?: Readonly<Record<string, string>>
  /** Whether private, loopback and link-local addresses may be asked. */
  readonly allowPrivate: boolean
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/**
 * Posts JSON and reads no answer but its status; no redirect is followed. No error shows the address: it may be a secret.
 *
 * @throws Refused at a 4xx, a redirect, or an address that may not be asked; NotSent at a 5xx, a time-out, or on the network.
 */
export async function postJson(address: string, body: unknown, options: PostOptions): Promise<void> {
  const url = URL.parse(address)
  if (url === null || !/^https?:$/.test(url.protocol)) throw new RejectedError('its address is not an http or https address')
  if (!options.allowPrivate) {
    const fault = validateHost(url.hostname)
    if (fault !== undefined) throw new RejectedError(`${fault}: set allowPrivate if it is meant`)
  }
  const status = await post(url, JSON.stringify(body), options)
  if (status >= 200 && status < 300) return
  if (status >= 500) throw new NotSentError(`it answered ${status}`)
  throw new RejectedError(`it answered ${status}`)
}

function post(url: URL, text: string, { headers, allowPrivate, timeoutMs, signal }: PostOptions): Promise<number> {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      if (error.code === 'EINSIDE') reject(new RejectedError(`${error.message}: set allowPrivate if it is meant`))
      else
        reject(new NotSentError(error.name === 'TimeoutError' ? `no answer within ${timeoutMs} ms` : (error.code ?? error.name)))
    }
    const sent = request(
      url,
      {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), ...headers },
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
        ...(!allowPrivate && { lookup: guardedLookup }),
      },
      (response) => {
        response.on('error', fail)
        response.resume()
        response.on('end', () => resolve(response.statusCode ?? 0))
      },
    )
    sent.on('error', (error) => fail(signal.aborted ? error : causeOf(error)))
    sent.end(text)
  })
}

/** An aborted request says that it was aborted; its cause says why. */
function causeOf(error: Error): NodeJS.ErrnoException {
  return error.name === 'AbortError' && error.cause instanceof Error ? error.cause : error
}
