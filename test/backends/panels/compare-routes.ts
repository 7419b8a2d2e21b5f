import { metrics } from '@wombat/instrumentation'
import { byPrometheus, byVictoriaMetrics } from '@wombat/test-support/added-labels'
import { metricsIn } from '@wombat/test-support/panel-queries'
import { numbersOf, type Sample } from '@wombat/test-support/sample'
import { inTwelveDigits } from '@wombat/test-support/victoria-metrics'
import { enginesThatSay, excuseFor, unsaid } from './expected-gaps.ts'
import { type Question, routes } from './panel-query.ts'
import type { Answer } from './results.ts'

/** Labels that say by which way a number came, and from which process. */
const added = [...byPrometheus, ...byVictoriaMetrics]

/** Over OTLP nothing says that a series has ended: for five minutes more, an alert that lives no longer is shown by that way. */
const endsUnsaid: readonly string[] = ['db_alerts']
const mayOutlive = ({ metrics }: Question): boolean => metrics.some((name) => endsUnsaid.includes(name))

/** What is wrong with answers about a process with stores on one engine, a line each. */
export async function complaints(answers: readonly Answer[], engine: string): Promise<string[]> {
  const found = await Promise.all(answers.map((answer) => complaintsOf(answer, engine)))
  return found.flat()
}

async function complaintsOf({ question, samples }: Answer, engine: string): Promise<string[]> {
  const place = `${question.from}: ${question.title}`
  const unknown = metricsIn(question.expr.victoriaMetrics).filter((name) => !Object.hasOwn(metrics, name))
  if (unknown.length > 0) return [`${place}: asks for ${unknown}, which is not in the catalogue`]
  const excuse = await excuseFor(question, [engine])
  const silent = routes.filter((route) => samples[route].length === 0)
  // Each backend is asked in another moment, and what is above 0 may not be so for longer.
  if (excuse?.kind === 'event') return []
  if (silent.length === routes.length && excuse !== undefined) {
    return excuse.kind === 'engine' ? silenceComplaints(question, place) : []
  }
  if (silent.length > 0) return silent.map((route) => `${place}: blank by way of ${route}`)
  const unasked = unsaid(question.metrics, [engine])
  if (unasked.length === question.metrics.length) return [`${place}: answered, though ${engine} is not said to supply ${unasked}`]
  const [scraped, sent] = [seriesOf(samples.prometheus), seriesOf(samples.victoriaMetrics)]
  const missing = [...scraped.keys()].filter((series) => !sent.has(series)).map((series) => `${series} by prometheus only`)
  const more = [...sent.keys()].filter((series) => !scraped.has(series)).map((series) => `${series} by victoriaMetrics only`)
  return [...missing, ...(mayOutlive(question) ? [] : more)].map((line) => `${place}: ${line}`)
}

/** A panel that an engine leaves empty says which engines would fill it. Only a rule has nothing to say. */
function silenceComplaints({ panel }: Question, place: string): string[] {
  if (panel === undefined) return []
  const { noValue } = panel
  const engines = [...new Set(panel.metrics.flatMap(enginesThatSay))]
  const isSaid =
    engines.length === 0 ? noValue.startsWith('No engine reports this') : engines.some((one) => noValue.includes(one))
  return isSaid ? [] : [`${place}: blank, and says only: ${noValue}`]
}

/**
 * Values that differ by the way they came, a line each, among those that were at rest: that did not change by any way from one round
 * of asking to the next. What is taken over a window is left out: each backend has its own idea of a window's edges.
 */
export function differences(rounds: ReadonlyArray<readonly Answer[]>): string[] {
  const last = rounds.at(-1) ?? []
  return last.flatMap(({ question, samples }, index) => {
    if (question.expr.victoriaMetrics.includes('[') || mayOutlive(question)) return []
    const seen = rounds.map((answers) => routes.map((route) => seriesOf(answers[index]?.samples[route] ?? [])))
    return [...seriesOf(samples.prometheus)].flatMap(([series, scraped]) => {
      const sent = seriesOf(samples.victoriaMetrics).get(series)
      const isAtRest = seen.every(([one, other]) => one?.get(series) === scraped && other?.get(series) === sent)
      if (!isAtRest || sent === undefined || inTwelveDigits(scraped, sent)) return []
      return [`${question.from}: ${question.title}: ${series} is ${scraped} by prometheus, ${sent} by victoriaMetrics`]
    })
  })
}

/** Numbers by our own labels. Whether a metric's name is kept after a calculation is each backend's own affair. */
export function seriesOf(samples: readonly Sample[]): ReadonlyMap<string, number> {
  return numbersOf(
    samples.map((sample) => ({ ...sample, name: '' })),
    added,
  )
}
