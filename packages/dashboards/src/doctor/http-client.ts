/** Somebody could not be asked; the message says why, in words, and holds no password. */
export class RequestError extends Error {
  override readonly name = 'Unanswered'
}

/** How to ask: what to send along, and how long to wait. */
export interface RequestOptions {
  readonly headers?: Readonly<Record<string, string>>
  readonly timeoutMs: number
}

/** An address as it may be shown: without name, password and query. */
export function redactUrl(url: URL): string {
  return `${url.origin}${url.pathname === '/' ? '' : url.pathname}`
}

/** Name and password in an address as the header that they mean; nothing where there are none. */
export function splitCredentials({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {}
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
}

/**
 * Asks over HTTP and takes the answer as text, redirects not followed: they would take the headers along.
 *
 * @throws Unanswered for anything but a 2xx.
 */
export async function getJson(url: URL, { headers, timeoutMs }: RequestOptions, request: RequestInit = {}): Promise<string> {
  const bare = new URL(url)
  bare.username = ''
  bare.password = ''
  let response: Response
  let text: string
  try {
    response = await fetch(bare, {
      ...request,
      redirect: 'manual',
      headers: { ...request.headers, ...splitCredentials(url), ...headers },
      signal: AbortSignal.timeout(timeoutMs),
    })
    text = await response.text()
  } catch (error) {
    throw new RequestError(`${redactUrl(url)} cannot be asked: ${inWords(error, timeoutMs)}`)
  }
  if (!response.ok)
    throw new RequestError(`${redactUrl(url)} answers ${response.status}: ${describeStatus(response.status, text)}`)
  return text
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused, nobody listens there; is it running, and is the port right?',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'the name of the host cannot be looked up now',
  ECONNRESET: 'the connection was cut; does it speak TLS, so that the address begins with https?',
  UND_ERR_SOCKET: 'the connection was cut; does it speak TLS, so that the address begins with https?',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS: the address begins with http',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself; NODE_EXTRA_CA_CERTS names those to be trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'nobody known has signed its certificate; NODE_EXTRA_CA_CERTS names those to be trusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'nobody known has signed its certificate; NODE_EXTRA_CA_CERTS names those to be trusted',
  CERT_HAS_EXPIRED: 'its certificate has expired',
}

function inWords(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return `no answer within ${timeoutMs / 1000} s`
  if (error.cause instanceof Error && error.cause.name === 'HTTPParserError') return 'what answers there is not HTTP'
  const { code } = (error.cause ?? error) as { code?: unknown }
  if (typeof code !== 'string') return error.cause instanceof Error ? error.cause.message : error.message
  return reasons[code] ?? code
}

function describeStatus(status: number, said: string): string {
  if (status === 401 || status === 403) return 'it does not know us; give it a header with --otlp-header or --query-header'
  if (status === 404 || status === 405) return 'it has nothing of the kind there; is the path right?'
  if (status === 415) return 'it does not take what we send (OTLP in protobuf)'
  if (status === 429 || status === 503) return 'it has too much to do, or is not ready'
  if (status >= 300 && status < 400) return 'it sends us elsewhere; give the address that it is really at'
  const words = JSON.stringify(said.trim().slice(0, 200))
  return status >= 500 ? `it has failed, and says ${words}` : `it refuses, and says ${words}`
}
