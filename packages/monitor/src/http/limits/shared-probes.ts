import type { IncomingMessage, ServerResponse } from 'node:http'

/** An answer that can be sent more than once. */
interface ProbeAnswer {
  readonly status: number
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  readonly body: Uint8Array
}

/** The request and the response of a Node server. */
export interface ProbeBindings {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
}

type FetchAnswer = (request: Request, env: ProbeBindings) => Promise<Response> | Response

/** Answers that are kept: probes of a service are alike. */
const maxAnswers = 32

/**
 * The path of a probe as it is sent, below any path. Neither a query counts nor a path that leads elsewhere once it is normalized: a stream of
 * events, which never ends, may have any text there.
 */
const probeUrl = /^(?![^?]*(?:\.\.|%2e|\/api\/v1\/))(?:\/[\w.~-]+)*\/(livez|readyz|health)(?:\/[^/?\\]*){0,2}(?:\?|$)/i

/**
 * The lane of probes: equal ones that arrive in the same turn of the event loop get the same answer, which is created once. So thousands of them
 * a second are answered, and the later the event loop is, the less each of them costs.
 */
export class SharedProbes {
  readonly #answers = new Map<string, ProbeAnswer>()

  /** Sends the answer that an equal probe got in this turn. Returns false if there is none. */
  send(request: IncomingMessage, response: ServerResponse): boolean {
    const answer = this.#answers.size === 0 ? undefined : this.#answers.get(probeKey(request) ?? '')
    if (answer === undefined) return false
    response.writeHead(answer.status, [...answer.headers.flat(), 'content-length', String(answer.body.byteLength)])
    response.end(request.method === 'HEAD' ? undefined : answer.body)
    return true
  }

  /** Returns a function that does the same, and keeps the answers to probes until the end of the turn. */
  keep(fetch: FetchAnswer): FetchAnswer {
    return async (request, env) => {
      const key = probeKey(env.incoming)
      const response = await fetch(request, env)
      if (key === undefined) return response
      const body = new Uint8Array(await response.arrayBuffer())
      const { status, headers } = response
      const kept = [...headers].filter(([name]) => name !== 'content-length')
      if (this.#answers.size === 0) setImmediate(() => this.#answers.clear())
      if (this.#answers.size < maxAnswers) this.#answers.set(key, { status, headers: kept, body })
      return new Response(body, { status, headers: kept })
    }
  }
}

/** Returns whether a request asks for the health of the process. */
export function isProbe({ method, url }: IncomingMessage): boolean {
  return (method === 'GET' || method === 'HEAD') && url !== undefined && probeUrl.test(url)
}

/** Returns what makes two probes equal: who asks, and all that is asked. Undefined if the request is no probe. */
function probeKey(request: IncomingMessage): string | undefined {
  if (!isProbe(request)) return undefined
  const { method, url, httpVersion, socket, rawHeaders } = request
  return [method, url, httpVersion, socket.remoteAddress, ...rawHeaders].join('\n')
}
