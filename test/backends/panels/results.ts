import { resolved } from '@wombat/test-support/panel-queries'
import { query } from '@wombat/test-support/query'
import type { Sample } from '@wombat/test-support/sample'
import type { VictoriaMetrics } from '@wombat/test-support/victoria-metrics'
import { type Chosen, type Question, type Route, routes } from './panel-query.ts'

/** A question, and what was answered to it by each way: numbers only. What is not a number is not drawn by anybody. */
export interface Answer {
  readonly question: Question
  readonly samples: Readonly<Record<Route, readonly Sample[]>>
}

export interface Backends {
  readonly prometheus: { readonly url: string }
  readonly victoriaMetrics: Pick<VictoriaMetrics, 'url' | 'query'>
}

/** So many are asked at a time: the backends share the machine with what they look at. */
const atOnce = 8

/** Asks every question by every way. @throws Error with the complaint of a backend. */
export async function ask(
  questions: readonly Question[],
  backends: Backends,
  chosen: Readonly<Record<Route, Chosen>> = { prometheus: {}, victoriaMetrics: {} },
): Promise<Answer[]> {
  // Only the question that comes first waits for what was just sent to become visible.
  await backends.victoriaMetrics.query('vector(1)')
  const answers: Answer[] = []
  for (let first = 0; first < questions.length; first += atOnce) {
    const some = questions.slice(first, first + atOnce).map(async (question) => {
      const [prometheus = [], victoriaMetrics = []] = await Promise.all(
        routes.map(async (route) => {
          const samples = await query(backends[route].url, resolved(question.expr[route], chosen[route]))
          return samples.filter(({ value }) => Number.isFinite(value))
        }),
      )
      return { question, samples: { prometheus, victoriaMetrics } }
    })
    answers.push(...(await Promise.all(some)))
  }
  return answers
}
