import { PostError, parseRetryAfter, post } from '../../http-post.ts'
import { connectPublic, isPrivateHost, parseHttpUrl, privateAddressCode } from './address-guard.ts'
import { DeliveryError, RejectedError } from './notifier.ts'
import { stringifyInSlices } from './stringify.ts'

/** Options of one POST request. */
export interface PostOptions {
  readonly headers?: Readonly<Record<string, string>>
  /** Whether private, loopback and link-local addresses are allowed, and the proxy of the environment, which may lead to any. */
  readonly allowPrivate: boolean
  /** Time limit from the start to the last byte of the answer. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/**
 * Posts JSON and checks the status of the answer. Redirects are not followed. No error contains the URL: it may be a secret.
 *
 * @throws RejectedError for a redirect, a 4xx status or a URL that is not one; DeliveryError for the statuses 408, 425, 429 and 5xx,
 * with the delay of `Retry-After`, for an answer that does not end in time or is too long, a network error, or an address that is not
 * allowed.
 */
export async function postJson(address: string, body: unknown, options: PostOptions): Promise<void> {
  const { headers, allowPrivate, timeoutMs, signal } = options
  const url = parseHttpUrl(address)
  if (url === null) throw new RejectedError('the URL is not an http or https URL')
  if (!allowPrivate && isPrivateHost(url.hostname)) throw privateAddressError()
  const request = {
    headers: { 'content-type': 'application/json', ...headers },
    body: await stringifyInSlices(body),
    timeoutMs,
    signal,
    ...(!allowPrivate && { connect: () => connectPublic(url) }),
  }
  const { status, headers: answered } = await post(url, request).catch((error: NodeJS.ErrnoException) => {
    throw deliveryError(error, allowPrivate)
  })
  if (status >= 200 && status < 300) return
  const message = `the server answered with status ${status}`
  if (status < 500 && !temporaryStatuses.has(status)) throw new RejectedError(message)
  throw new DeliveryError(message, { retryAfterMs: parseRetryAfter(answered['retry-after'], Date.now()) })
}

/** Request Timeout, Too Early and Too Many Requests: the same request may succeed later. */
const temporaryStatuses: ReadonlySet<number> = new Set([408, 425, 429])

/** What is wrong with a URL on this machine or in a private network, if those are not allowed. */
export const privateAddressMessage =
  'the URL leads to a private, loopback or link-local address: set allowPrivate, or the option alertWebhookAllowPrivate, to allow it'

/** Not final: a name may lead to another address later. */
function privateAddressError(): DeliveryError {
  return new DeliveryError(privateAddressMessage)
}

function deliveryError(error: NodeJS.ErrnoException, allowPrivate: boolean): DeliveryError {
  if (error.code === privateAddressCode) return privateAddressError()
  const reason = error instanceof PostError ? error.message : (error.code ?? error.name)
  if (allowPrivate || !hasProxy()) return new DeliveryError(reason)
  return new DeliveryError(
    `${reason}; the connection is direct, because a proxy could lead to any address: set allowPrivate, or the option alertWebhookAllowPrivate, to use the proxy of the environment`,
  )
}

/** Returns whether Node sends requests to a proxy that the environment names. */
function hasProxy(): boolean {
  const options: unknown = Reflect.get(process.getBuiltinModule('node:http').globalAgent, 'options')
  const variables: unknown = Reflect.get(Object(options), 'proxyEnv')
  const isSet = (name: string): boolean => Boolean(Reflect.get(Object(variables), name))
  return ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy'].some(isSet)
}
