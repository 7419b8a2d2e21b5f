import { setTimeout as sleep } from 'node:timers/promises'
import { type Backend, createMetricsEndpoint, createPrometheus, createVictoriaMetrics } from './backend.ts'
import { createCanary, sendCanary } from './canary.ts'
import { type Comparison, compare } from './compare.ts'
import { selectExpectedSeries } from './exposition-parser.ts'
import { RequestError, type RequestOptions, redactUrl } from './http-client.ts'
import { describeProblems } from './messages.ts'
import type { ExpectedSeries } from './series.ts'

/** The pipeline to check. Metrics pass its systems in the order of these options; at least `otlp` or `metrics` is required. */
export interface PipelineOptions {
  /** URL of the OTLP receiver (HTTP); the path defaults to /v1/metrics. Without it, the pipeline starts at `metrics`. */
  readonly otlp?: URL
  /** URL of the /metrics endpoint that Prometheus scrapes: the Collector's or, without `otlp`, a process's. */
  readonly metrics?: URL
  /** URL of Prometheus. */
  readonly prometheus?: URL
  /** URL of VictoriaMetrics. */
  readonly victoriametrics?: URL
  /** HTTP headers for the OTLP receiver. */
  readonly otlpHeaders?: Readonly<Record<string, string>>
  /** HTTP headers for the /metrics endpoint, Prometheus and VictoriaMetrics. */
  readonly queryHeaders?: Readonly<Record<string, string>>
  /** Time limit of each hop; must be longer than the scrape interval (default 90). */
  readonly timeoutSeconds?: number
}

/** One hop of the pipeline. */
export interface Hop {
  /** The sending system with its URL, without credentials. */
  readonly from: string
  /** The receiving system with its URL, without credentials. */
  readonly to: string
  /** What was lost or changed, and how to mend it; empty if all series arrived unchanged. */
  readonly problems: readonly string[]
}

const pollIntervalMs = 500
const requestTimeoutMs = 10_000

/** Series on their way through the pipeline. */
interface Probe {
  readonly source: string
  /** `undefined` without a canary. */
  readonly canaryId?: string
  readonly expected: readonly ExpectedSeries[]
  /** The backends to check, in the order of the pipeline. */
  readonly backends: readonly Backend[]
  stop(): Promise<void>
}

/**
 * Checks a pipeline hop by hop and yields the result of each: sends a canary over OTLP or, without `otlp`, follows series that the
 * /metrics endpoint of a process already has. A change is reported once, at the hop where it happens.
 *
 * @throws TypeError if neither `otlp` nor `metrics` is given.
 * @throws RangeError if `timeoutSeconds` is not above 0 and at most 3600.
 * @example
 * ```js
 * import { diagnose } from '@wombat/dashboards'
 *
 * // Port 9 is closed on most machines, so the first hop reports that the connection is refused.
 * for await (const { from, to, problems } of diagnose({ otlp: new URL('http://127.0.0.1:9'), timeoutSeconds: 1 })) {
 *   console.log(`${from} -> ${to}:`, problems.length === 0 ? 'ok' : problems.join(' '))
 * }
 * ```
 */
export async function* diagnose(options: PipelineOptions): AsyncGenerator<Hop> {
  const { timeoutSeconds = 90 } = options
  if (!(timeoutSeconds > 0 && timeoutSeconds <= 3600)) {
    throw new RangeError(`timeoutSeconds must be above 0 and at most 3600, got ${timeoutSeconds}`)
  }
  const [from, to] = firstHop(options)
  let probe: Probe
  try {
    probe = await startProbe(options, to, Math.min(requestTimeoutMs, timeoutSeconds * 1000))
  } catch (error) {
    yield { from, to, problems: [describeError(error)] }
    return
  }
  try {
    yield { from, to, problems: [] }
    yield* checkBackends(probe, timeoutSeconds * 1000)
  } finally {
    await probe.stop()
  }
}

function firstHop({ otlp, metrics }: PipelineOptions): readonly [from: string, to: string] {
  if (otlp !== undefined) return ['this process', `Collector ${redactUrl(receiverUrl(otlp))}`]
  if (metrics !== undefined) return ['monitored process', `metrics endpoint ${redactUrl(metrics)}`]
  throw new TypeError('diagnose needs otlp (the receiver of the canary) or metrics (the /metrics endpoint of a process)')
}

/** @throws RequestError if the pipeline's first system cannot be reached, or if it has none of the catalog's metrics. */
async function startProbe(options: PipelineOptions, source: string, timeoutMs: number): Promise<Probe> {
  const { otlp, metrics, otlpHeaders = {}, queryHeaders = {} } = options
  const queryOptions = { headers: queryHeaders, timeoutMs }
  if (otlp !== undefined) {
    const canary = createCanary()
    const stop = await sendCanary(canary, receiverUrl(otlp), { headers: otlpHeaders, timeoutMs })
    return { source, canaryId: canary.id, expected: canary.expected, backends: createBackends(options, queryOptions), stop }
  }
  const samples = metrics === undefined ? [] : await createMetricsEndpoint(metrics, queryOptions).find([])
  const expected = selectExpectedSeries(samples)
  if (expected.length === 0) {
    throw new RequestError(`none of its ${samples.length} samples is a Wombat metric; check the URL`)
  }
  return { source, expected, backends: createBackends(options, queryOptions).slice(1), stop: async () => {} }
}

async function* checkBackends({ source, canaryId, expected, backends }: Probe, timeoutMs: number): AsyncGenerator<Hop> {
  let from = source
  let current = expected
  for (const backend of backends) {
    try {
      const { changes, arrived } = await waitForSeries(backend, canaryId, current, timeoutMs)
      const isLost = changes.some(({ kind }) => kind === 'lost')
      yield { from, to: backend.name, problems: describeProblems(changes, isLost ? await backend.lossAdvice() : '') }
      // A lost series stays expected: it may reach the next backend by another path.
      current = current.map(
        (series) => arrived.find(({ stem, ending }) => stem === series.stem && ending === series.ending) ?? series,
      )
    } catch (error) {
      yield { from, to: backend.name, problems: [describeError(error)] }
    }
    from = backend.name
  }
}

/** Polls the backend until no series is missing or the time is up. */
async function waitForSeries(
  backend: Backend,
  canaryId: string | undefined,
  expected: readonly ExpectedSeries[],
  timeoutMs: number,
): Promise<Comparison> {
  const deadlineMs = performance.now() + timeoutMs
  for (;;) {
    const comparison = compare(canaryId, expected, await backend.find(expected))
    if (comparison.changes.every(({ kind }) => kind !== 'lost') || performance.now() > deadlineMs) return comparison
    await sleep(pollIntervalMs)
  }
}

function createBackends({ metrics, prometheus, victoriametrics }: PipelineOptions, options: RequestOptions): Backend[] {
  return [
    ...(metrics === undefined ? [] : [createMetricsEndpoint(metrics, options)]),
    ...(prometheus === undefined ? [] : [createPrometheus(prometheus, metrics, options)]),
    ...(victoriametrics === undefined ? [] : [createVictoriaMetrics(victoriametrics, options)]),
  ]
}

function receiverUrl(url: URL): URL {
  const receiver = new URL(url)
  if (receiver.pathname === '/') receiver.pathname = '/v1/metrics'
  return receiver
}

/** Returns the reason of a failed request. @throws the error itself if it is a bug and not a failed request. */
function describeError(error: unknown): string {
  if (error instanceof RequestError) return error.message
  if (error instanceof SyntaxError) return `the response is not valid JSON as Prometheus' API returns it: ${error.message}`
  throw error
}
