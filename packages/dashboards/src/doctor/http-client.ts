/** Thrown if a request fails. The message gives the reason and contains no credentials. */
export class RequestError extends Error {
  override readonly name = 'RequestError'
}

/** Headers and time limit of a request. */
export interface RequestOptions {
  readonly headers?: Readonly<Record<string, string>>
  readonly timeoutMs: number
}

/** Returns a URL without user name, password and query, safe to print. */
export function redactUrl(url: URL): string {
  return `${url.origin}${url.pathname === '/' ? '' : url.pathname}`
}

/** Returns the Basic authorization header for the credentials in a URL; no header if it has none. */
export function basicAuthorization({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {}
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }
}

/**
 * Sends a request (GET by default) and returns the body as text. Redirects are not followed: they would pass the headers on.
 *
 * @throws RequestError for every status except 2xx and if there is no response.
 */
export async function fetchText(url: URL, { headers, timeoutMs }: RequestOptions, request: RequestInit = {}): Promise<string> {
  const withoutCredentials = new URL(url)
  withoutCredentials.username = ''
  withoutCredentials.password = ''
  let response: Response
  let body: string
  try {
    response = await fetch(withoutCredentials, {
      ...request,
      redirect: 'manual',
      headers: { ...request.headers, ...basicAuthorization(url), ...headers },
      signal: AbortSignal.timeout(timeoutMs),
    })
    body = await readText(response)
  } catch (error) {
    throw new RequestError(`${redactUrl(url)}: ${describeNetworkError(error, timeoutMs)}`)
  }
  if (!response.ok) {
    throw new RequestError(`${redactUrl(url)}: HTTP status ${response.status}, ${describeStatus(response.status, body)}`)
  }
  return body
}

/** Reads an answer. What listens there may never stop sending. @throws Error if it is longer than any of a backend. */
async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let sizeBytes = 0
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.byteLength
    if (sizeBytes > maxAnswerMebibytes * 2 ** 20) throw new Error(`the answer is longer than ${maxAnswerMebibytes} MiB`)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

/** A page of metrics with a million series has less. */
const maxAnswerMebibytes = 256

const brokenConnection = 'the connection was closed; if the server uses TLS, use an https:// URL'
const untrustedCertificate = 'its certificate is signed by an unknown authority; add the authority with NODE_EXTRA_CA_CERTS'

const networkErrors: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused; check that the server is running and that the port is right',
  ENOTFOUND: 'unknown host name',
  EAI_AGAIN: 'the host name cannot be resolved at the moment',
  ECONNRESET: brokenConnection,
  UND_ERR_SOCKET: brokenConnection,
  EHOSTUNREACH: 'the host is unreachable',
  ENETUNREACH: 'the network is unreachable',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the server does not use TLS; use an http:// URL',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed; add it with NODE_EXTRA_CA_CERTS',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrustedCertificate,
  SELF_SIGNED_CERT_IN_CHAIN: untrustedCertificate,
  CERT_HAS_EXPIRED: 'its certificate has expired',
}

function describeNetworkError(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return `no response within ${timeoutMs / 1000} s`
  if (error.cause instanceof Error && error.cause.name === 'HTTPParserError') return 'the response is not HTTP'
  const { code } = (error.cause ?? error) as { code?: unknown }
  if (typeof code !== 'string') return error.cause instanceof Error ? error.cause.message : error.message
  return networkErrors[code] ?? code
}

function describeStatus(status: number, body: string): string {
  if (status === 401 || status === 403) return 'not authorized; pass a header with --otlp-header or --query-header'
  if (status === 404 || status === 405) return 'no such endpoint; check the path of the URL'
  if (status === 415) return 'the receiver does not accept OTLP in protobuf'
  if (status === 429 || status === 503) return 'the server is overloaded or not ready'
  if (status >= 300 && status < 400) return 'redirects are not followed; use the final URL'
  const text = JSON.stringify(body.trim().slice(0, 200))
  return status >= 500 ? `the server failed: ${text}` : `the request was rejected: ${text}`
}
