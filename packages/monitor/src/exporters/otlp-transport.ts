import type { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { ExportResponse, IExporterTransport } from '@opentelemetry/otlp-exporter-base'
import type { convertLegacyHttpOptions } from '@opentelemetry/otlp-exporter-base/node-http'
import { type HttpAnswer, parseRetryAfter, post } from '../http-post.ts'
import { version } from '../version.ts'

type HttpOptions = ReturnType<typeof convertLegacyHttpOptions>

/** As OpenTelemetry's own. */
const maxAttempts = 6
const firstBackoffMs = 1000
const maxBackoffMs = 5000

/** Bad Gateway and others: the same request may succeed later (the protocol's "retryable response codes"). */
const retryableStatuses: ReadonlySet<number> = new Set([429, 502, 503, 504])

const retryableCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'ENOTFOUND',
  'ENETUNREACH',
  'EHOSTUNREACH',
])

/** How long a receiver that fails is waited for when monitoring closes, in milliseconds. */
const lastChanceMs = 1000

const userAgent = `Wombat-OTLP-Exporter-JavaScript/${version}`

/**
 * Sends OTLP requests over HTTP, with retries. OpenTelemetry's own transport limits the time between two bytes only, waits longer in its
 * retries, and counts an answer that breaks off as a success: here one deadline holds from the start to the last byte of the last try.
 */
export class OtlpTransport implements IExporterTransport {
  readonly #options: HttpOptions
  readonly #url: URL
  #agent: Promise<Agent> | undefined
  readonly #stop = new AbortController()
  #stopTimer: NodeJS.Timeout | undefined
  #hasFailed = false

  constructor(options: HttpOptions) {
    this.#options = options
    this.#url = new URL(options.url)
  }

  /** Never rejects. */
  async send(data: Uint8Array, timeoutMs: number): Promise<ExportResponse> {
    const response = await this.#send(data, timeoutMs).catch((error): ExportResponse => {
      return { status: 'failure', error: this.#stop.signal.aborted ? this.#stop.signal.reason : error }
    })
    this.#hasFailed = response.status !== 'success'
    return response
  }

  /** Leaves a receiver that fails only one more second: monitoring closes. */
  hurry(): void {
    const reason = new Error('monitoring closes, and the receiver failed before')
    const stop = (): void => (this.#hasFailed ? this.#stop.abort(reason) : undefined)
    this.#stopTimer = setTimeout(stop, lastChanceMs).unref()
  }

  shutdown(): void {
    clearTimeout(this.#stopTimer)
    void this.#agent?.then((agent) => agent.destroy())
  }

  async #send(data: Uint8Array, timeoutMs: number): Promise<ExportResponse> {
    const { headers, compression, agentFactory } = this.#options
    const { signal } = this.#stop
    const deadlineMs = performance.now() + timeoutMs
    this.#agent ??= Promise.resolve<Agent>(agentFactory(this.#url.protocol))
    const agent = await this.#agent
    const isPacked = compression === 'gzip'
    const body = isPacked ? await promisify(process.getBuiltinModule('node:zlib').gzip)(data) : data
    const given = { 'user-agent': userAgent, ...(await headers()), ...(isPacked && { 'content-encoding': 'gzip' }) }
    for (let attempt = 1; ; attempt++) {
      const leftMs = Math.max(1, Math.ceil(deadlineMs - performance.now()))
      const response = await post(this.#url, { headers: given, body, timeoutMs: leftMs, agent, signal }).then(
        toResponse,
        toFailure,
      )
      if (response.status !== 'retryable' || attempt === maxAttempts || signal.aborted) return response
      const backoffMs = Math.min(maxBackoffMs, firstBackoffMs * 1.5 ** (attempt - 1)) * (0.8 + 0.4 * Math.random())
      const delayMs = response.retryInMillis ?? backoffMs
      if (performance.now() + delayMs >= deadlineMs) return response
      await sleep(delayMs, undefined, { signal })
    }
  }
}

function toResponse({ status, statusText, headers, body }: HttpAnswer): ExportResponse {
  if (status >= 200 && status < 300) return { status: 'success', data: body }
  const error = new Error(statusText || `the receiver answered with status ${status}`)
  if (!retryableStatuses.has(status)) return { status: 'failure', error }
  const retryInMillis = parseRetryAfter(headers['retry-after'], Date.now())
  return { status: 'retryable', error, ...(retryInMillis !== undefined && { retryInMillis }) }
}

function toFailure(error: NodeJS.ErrnoException): ExportResponse {
  return { status: retryableCodes.has(error.code ?? '') ? 'retryable' : 'failure', error }
}
