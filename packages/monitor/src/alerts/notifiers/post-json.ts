import { isPrivateHost, parseHttpUrl, privateAddressCode, publicLookup } from './address-guard.ts'
import { DeliveryError, RejectedError } from './notifier.ts'
import { stringifyInSlices } from './stringify.ts'

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
 * @throws RejectedError for a redirect, a 4xx status or a URL that is not one; DeliveryError for the statuses 408, 425, 429 and 5xx,
 * with the delay of `Retry-After`, for a timeout, a network error, or an address that is not allowed.
 */
export async function postJson(address: string, body: unknown, options: PostOptions): Promise<void> {
  const url = parseHttpUrl(address)
  if (url === null) throw new RejectedError('the URL is not an http or https URL')
  if (!options.allowPrivate && isPrivateHost(url.hostname)) throw privateAddressError()
  const { status, retryAfter } = await post(url, await stringifyInSlices(body), options)
  if (status >= 200 && status < 300) return
  const message = `the server answered with status ${status}`
  if (status < 500 && !temporaryStatuses.has(status)) throw new RejectedError(message)
  throw new DeliveryError(message, { retryAfterMs: parseRetryAfter(retryAfter, Date.now()) })
}

/** Request Timeout, Too Early and Too Many Requests: the same request may succeed later. */
const temporaryStatuses: ReadonlySet<number> = new Set([408, 425, 429])

/** A receiver cannot ask for a longer delay than this, in milliseconds. */
const maxRetryAfterMs = 3_600_000

/** Returns the delay in a `Retry-After` header, in milliseconds; undefined if there is none, or it is not valid. */
export function parseRetryAfter(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined || text.trim() === '') return undefined
  const isDate = /^[a-z]{3}, .* GMT$/i.test(text.trim())
  const delayMs = isDate ? Date.parse(text) - nowMs : /^\d+$/.test(text.trim()) ? Number(text) * 1000 : Number.NaN
  return Number.isNaN(delayMs) ? undefined : Math.min(maxRetryAfterMs, Math.max(0, delayMs))
}

interface Answer {
  readonly status: number
  readonly retryAfter: string | undefined
}

function post(url: URL, text: string, { headers, allowPrivate, timeoutMs, signal }: PostOptions): Promise<Answer> {
  // Loaded by the first request: the client of HTTPS takes 8 MiB.
  const { request } = process.getBuiltinModule(url.protocol === 'https:' ? 'node:https' : 'node:http')
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
        response.on('end', () => resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] }))
      },
    )
    outgoing.on('error', (error) => fail(signal.aborted ? error : abortCause(error)))
    outgoing.end(text)
  })
}

/** What is wrong with a URL on this machine or in a private network, if those are not allowed. */
export const privateAddressMessage =
  'the URL leads to a private, loopback or link-local address: set allowPrivate, or the option alertWebhookAllowPrivate, to allow it'

/** Not final: a name may lead to another address later. */
function privateAddressError(): DeliveryError {
  return new DeliveryError(privateAddressMessage)
}

/** Returns the cause of an AbortError, which shows whether it was a timeout; returns any other error unchanged. */
function abortCause(error: Error): NodeJS.ErrnoException {
  return error.name === 'AbortError' && error.cause instanceof Error ? error.cause : error
}
