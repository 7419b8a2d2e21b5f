import { setTimeout as sleep } from 'node:timers/promises'
import { type Backend, pageBackend, prometheusBackend, victoriaMetricsBackend } from './backend.ts'
import { newCanary, sendCanary } from './canary.ts'
import { type Comparison, compare } from './compare.ts'
import type { ExpectedSeries } from './expected-series.ts'
import { RequestError, type RequestOptions, redactUrl } from './http-client.ts'
import { describeHop } from './messages.ts'
import { parseSeries } from './page-series.ts'

/** A route: where numbers are given, and who should have them then, in this order. */
export interface PipelineOptions {
  /** Where OTLP is taken: of an address without a path, at /v1/metrics. Without it, the page begins the route. */
  readonly otlp?: URL
  /** The page on which the Collector shows its metrics to Prometheus; without `otlp`, that of a process. */
  readonly metrics?: URL
  readonly prometheus?: URL
  readonly victoriametrics?: URL
  readonly otlpHeaders?: Readonly<Record<string, string>>
  readonly queryHeaders?: Readonly<Record<string, string>>
  /** How long each place may take until it has the canary; a scrape and its interval must fit (default 90). */
  readonly timeoutSeconds?: number
}

/** One hop of the route, and what is wrong with it; nothing where all is well. */
export interface Hop {
  readonly from: string
  readonly to: string
  readonly problems: readonly string[]
}

const pollMs = 500
const answerTimeoutMs = 10_000

/** What goes along a route. */
interface Sent {
  readonly from: string
  /** In the labels of a canary; what a page shows of itself has none. */
  readonly id?: string
  readonly given: readonly ExpectedSeries[]
  readonly places: readonly Backend[]
  stop(): Promise<void>
}

/**
 * Sends a canary along a route, or follows what a page shows, and says hop by hop what became of it. What a hop changed is not
 * held against the next.
 */
export async function* diagnose(course: PipelineOptions): AsyncGenerator<Hop> {
  const { timeoutSeconds = 90 } = course
  if (!(timeoutSeconds > 0 && timeoutSeconds <= 3600)) {
    throw new RangeError(
      `timeoutSeconds must lie between 0 and 3600, got ${timeoutSeconds}: a scrape has to fit, and somebody waits`,
    )
  }
  const [from, to] = beginningOf(course)
  let sent: Sent
  try {
    sent = await begin(course, to, Math.min(answerTimeoutMs, timeoutSeconds * 1000))
  } catch (error) {
    yield { from, to, problems: [errorReason(error)] }
    return
  }
  try {
    yield { from, to, problems: [] }
    yield* hops(sent, timeoutSeconds * 1000)
  } finally {
    await sent.stop()
  }
}

function beginningOf({ otlp, metrics }: PipelineOptions): readonly [from: string, to: string] {
  if (otlp !== undefined) return ['this process', `the Collector ${redactUrl(otlpReceiver(otlp))}`]
  if (metrics !== undefined) return ['the measured process', `the page ${redactUrl(metrics)}`]
  throw new TypeError('a route begins with otlp, where a canary can be sent, or with metrics, a page that can be read')
}

/** @throws Unanswered where nothing can be given there. */
async function begin(course: PipelineOptions, from: string, timeoutMs: number): Promise<Sent> {
  const { otlp, metrics, otlpHeaders = {}, queryHeaders = {} } = course
  const asking = { headers: queryHeaders, timeoutMs }
  if (otlp !== undefined) {
    const { id, ...canary } = newCanary()
    const stop = await sendCanary({ id, ...canary }, otlpReceiver(otlp), { headers: otlpHeaders, timeoutMs })
    return { from, id, given: canary.expected, places: createBackends(course, asking), stop }
  }
  const page = metrics === undefined ? [] : await pageBackend(metrics, asking).find([])
  const given = parseSeries(page)
  if (given.length === 0)
    throw new RequestError(`it shows ${page.length} samples, and none of our metrics; is it the right page?`)
  return { from, given, places: createBackends(course, asking).slice(1), stop: async () => {} }
}

async function* hops({ from, id, given, places }: Sent, withinMs: number): AsyncGenerator<Hop> {
  let before = from
  let now = given
  for (const place of places) {
    try {
      const { changes, arrived } = await settled(place, id, now, withinMs)
      const isLost = changes.some(({ kind }) => kind === 'lost')
      yield { from: before, to: place.name, problems: describeHop(changes, isLost ? await place.whereLost() : '') }
      // What was lost may have got to the next another way.
      now = now.map((each) => arrived.find(({ stem, end }) => stem === each.stem && end === each.end) ?? each)
    } catch (error) {
      yield { from: before, to: place.name, problems: [errorReason(error)] }
    }
    before = place.name
  }
}

/** Asks until nothing is lost, or time is up. */
async function settled(
  place: Backend,
  id: string | undefined,
  given: readonly ExpectedSeries[],
  withinMs: number,
): Promise<Comparison> {
  const deadlineMs = performance.now() + withinMs
  for (;;) {
    const verdict = compare(id, given, await place.find(given))
    if (verdict.changes.every(({ kind }) => kind !== 'lost') || performance.now() > deadlineMs) return verdict
    await sleep(pollMs)
  }
}

function createBackends({ metrics, prometheus, victoriametrics }: PipelineOptions, asking: RequestOptions): Backend[] {
  return [
    ...(metrics === undefined ? [] : [pageBackend(metrics, asking)]),
    ...(prometheus === undefined ? [] : [prometheusBackend(prometheus, metrics, asking)]),
    ...(victoriametrics === undefined ? [] : [victoriaMetricsBackend(victoriametrics, asking)]),
  ]
}

function otlpReceiver(url: URL): URL {
  const receiver = new URL(url)
  if (receiver.pathname === '/') receiver.pathname = '/v1/metrics'
  return receiver
}

/** @throws what is no answer of a place, but a mistake of ours. */
function errorReason(error: unknown): string {
  if (error instanceof RequestError) return error.message
  if (error instanceof SyntaxError) return `its answer is not what Prometheus' API says: ${error.message}`
  throw error
}
