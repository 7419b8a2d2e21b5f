import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Addresses } from '@wombat/monitor'
import { type ApiDescription, createRequests, type EndpointRequest } from './endpoint-requests.ts'
import type { Random } from './random-choice.ts'
import type { SecretGuard } from './secret-guard.ts'

/** What a request got. */
interface Answer {
  readonly status: number
  readonly retryAfter: string | undefined
  readonly body: Buffer
}

/** What the prober needs to know of the service. */
export interface ProbedService {
  readonly addresses: Addresses
  readonly token: string
  /** Whether every endpoint has to answer now: the process runs, and nothing takes its connections away. */
  isReachable(): boolean
}

/** How long an answer may take on a busy machine. */
const answerTimeoutMs = 15_000
const pauseMs = 100
const fixedPaths = ['/api/v1/metrics', '/api/v1/stores', '/api/v1/alerts', '/health?format=json', '/api/v1/events', '/']
const probePaths = ['/livez', '/readyz']
/** A 503 of these is what they have to tell. */
const isHealth = /^\/(livez|readyz|health|api\/v1\/health)/

/** Asks the endpoints all the time, and checks that each request is answered, or refused with a reason. */
export class Prober {
  requests = 0
  readonly statuses: Record<number, number> = {}
  longestMs = 0
  readonly #service: ProbedService
  readonly #random: Random
  readonly #guard: SecretGuard
  readonly #onFault: (text: string) => void
  #fuzzed: Generator<EndpointRequest> | undefined
  #isRunning = true

  constructor(service: ProbedService, random: Random, guard: SecretGuard, onFault: (text: string) => void) {
    this.#service = service
    this.#random = random
    this.#guard = guard
    this.#onFault = onFault
  }

  async run(): Promise<void> {
    while (this.#isRunning) {
      await sleep(pauseMs)
      const { json, prometheus } = this.#service.addresses
      if (json === undefined || prometheus === undefined || !this.#service.isReachable()) continue
      await this.#ask(this.#random.pick([json, prometheus]), probe(this.#random.pick(probePaths)))
      await this.#ask(json, get(this.#random.pick(fixedPaths)))
      await this.#ask(prometheus, get('/metrics'))
      this.#fuzzed ??= await this.#readDescription(json)
      const fuzzed = this.#fuzzed?.next().value as EndpointRequest | undefined
      if (fuzzed !== undefined) await this.#ask(fuzzed.path.startsWith('/metrics') ? prometheus : json, fuzzed)
    }
  }

  stop(): void {
    this.#isRunning = false
  }

  /** Asks many times at once. */
  async storm(count: number): Promise<void> {
    const { json, prometheus } = this.#service.addresses
    if (json === undefined || prometheus === undefined) return
    const urls = Array.from({ length: count }, (_, index) =>
      index % 2 === 0 ? [prometheus, '/metrics'] : [json, '/api/v1/metrics'],
    )
    await Promise.all(urls.map(([url = '', path = '']) => this.#ask(url, get(path))))
  }

  async #readDescription(json: string): Promise<Generator<EndpointRequest> | undefined> {
    const answer = await this.#send(json, get('/api/v1/openapi.json')).catch(() => undefined)
    if (answer?.status !== 200) return undefined
    return createRequests(JSON.parse(answer.body.toString()) as ApiDescription, this.#random)
  }

  async #ask(url: string, asked: EndpointRequest): Promise<void> {
    const startMs = performance.now()
    const what = `${asked.method} ${asked.path.slice(0, 200)}`
    try {
      const { status, retryAfter, body } = await this.#send(url, asked)
      this.requests++
      this.statuses[status] = (this.statuses[status] ?? 0) + 1
      this.longestMs = Math.max(this.longestMs, performance.now() - startMs)
      this.#guard.lookOnce(body, `the answer to ${what}`)
      if (!asked.statuses.has(status)) this.#onFault(`${what} was answered with ${status}: ${body.toString().slice(0, 200)}`)
      else if (status >= 400 && asked.method !== 'HEAD' && body.length === 0)
        this.#onFault(`${what} was answered with ${status} and no reason`)
      else if (status === 503 && retryAfter === undefined && !isHealth.test(asked.path)) {
        this.#onFault(`${what} was refused without Retry-After: ${body.toString().slice(0, 200)}`)
      }
    } catch (error) {
      // What began before a fault may end with it.
      if (this.#service.isReachable())
        this.#onFault(`${what} was not answered: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  #send(url: string, { method, path, body }: EndpointRequest): Promise<Answer> {
    const headers = {
      authorization: `Bearer ${this.#service.token}`,
      ...(body !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    }
    return new Promise((resolve, reject) => {
      const signal = AbortSignal.timeout(answerTimeoutMs)
      const sent = request(`${url}${path}`, { method, headers, signal, agent: false }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'], body: Buffer.concat(chunks) }),
        )
      })
      sent.on('error', reject)
      sent.end(body)
    })
  }
}

const get = (path: string): EndpointRequest => ({ method: 'GET', path, body: undefined, statuses: new Set([200, 429, 503]) })
const probe = (path: string): EndpointRequest => ({ method: 'GET', path, body: undefined, statuses: new Set([200, 503]) })
