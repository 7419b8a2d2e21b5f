import { setTimeout as sleep } from 'node:timers/promises'
import { type Asking, shown, Unanswered } from './asking.ts'
import { newCanary, sendCanary } from './canary.ts'
import { judge } from './judge.ts'
import { type Place, pageAt, prometheusAt, victoriaMetricsAt } from './place.ts'
import { sentencesOf } from './sentences.ts'

/** The route that a canary is to take: where it is sent, and who should have it then, in this order. */
export interface Course {
  /** Where OTLP is taken: of an address without a path, at /v1/metrics. */
  readonly otlp: URL
  /** The page on which the Collector shows its metrics to Prometheus. */
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

/** Sends a canary along a route and says hop by hop what became of it. What a hop changed is not held against the next. */
export async function* examine(course: Course): AsyncGenerator<Hop> {
  const { timeoutSeconds = 90, otlpHeaders = {}, queryHeaders = {} } = course
  if (!(timeoutSeconds > 0 && timeoutSeconds <= 3600)) {
    throw new RangeError(
      `timeoutSeconds must lie between 0 and 3600, got ${timeoutSeconds}: a scrape has to fit, and somebody waits`,
    )
  }
  const canary = newCanary()
  const timeoutMs = Math.min(answerTimeoutMs, timeoutSeconds * 1000)
  const otlp = receiverOf(course.otlp)
  let from = `the Collector ${shown(otlp)}`
  let stop: () => Promise<void>
  try {
    stop = await sendCanary(canary, otlp, { headers: otlpHeaders, timeoutMs })
  } catch (error) {
    yield { from: 'this process', to: from, problems: [reasonOf(error)] }
    return
  }
  try {
    yield { from: 'this process', to: from, problems: [] }
    let given = canary.expected
    for (const place of placesOf(course, { headers: queryHeaders, timeoutMs })) {
      try {
        const { changes, arrived } = await settled(place, canary, given, timeoutSeconds * 1000)
        const isLost = changes.some(({ kind }) => kind === 'lost')
        yield { from, to: place.name, problems: sentencesOf(changes, isLost ? await place.whereLost() : '') }
        // Somewhere else it may have got on another way.
        given = given.map(
          (expected) => arrived.find(({ stem, end }) => stem === expected.stem && end === expected.end) ?? expected,
        )
      } catch (error) {
        yield { from, to: place.name, problems: [reasonOf(error)] }
      }
      from = place.name
    }
  } finally {
    await stop()
  }
}

/** Asks until nothing is lost, or time is up. */
async function settled(place: Place, canary: ReturnType<typeof newCanary>, given: typeof canary.expected, withinMs: number) {
  const deadlineMs = performance.now() + withinMs
  for (;;) {
    const verdict = judge(canary.id, given, await place.find(canary, given))
    if (verdict.changes.every(({ kind }) => kind !== 'lost') || performance.now() > deadlineMs) return verdict
    await sleep(pollMs)
  }
}

function placesOf({ metrics, prometheus, victoriametrics }: Course, asking: Asking): Place[] {
  return [
    ...(metrics === undefined ? [] : [pageAt(metrics, asking)]),
    ...(prometheus === undefined ? [] : [prometheusAt(prometheus, metrics, asking)]),
    ...(victoriametrics === undefined ? [] : [victoriaMetricsAt(victoriametrics, asking)]),
  ]
}

function receiverOf(url: URL): URL {
  const receiver = new URL(url)
  if (receiver.pathname === '/') receiver.pathname = '/v1/metrics'
  return receiver
}

/** @throws what is no answer of a place, but a mistake of ours. */
function reasonOf(error: unknown): string {
  if (error instanceof Unanswered) return error.message
  if (error instanceof SyntaxError) return `its answer is not what Prometheus' API says: ${error.message}`
  throw error
}
