import { dashboards } from '@wombat/test-support/panel-queries'
import { seriesOf } from './compare-routes.ts'
import { type Chosen, type Question, type Route, routes } from './panel-query.ts'
import { type Answer, ask, type Backends } from './results.ts'

type Variable = 'service' | 'instance' | 'store'
const names: readonly Variable[] = ['service', 'instance', 'store']

/** What a person can choose of each variable, by each way. */
export type Choices = Readonly<Record<Route, Readonly<Record<Variable, readonly string[]>>>>

/** The values that Grafana would offer: each variable's own query, asked with what was chosen before it. */
export async function choices(backends: Backends): Promise<Choices> {
  const variables = Object.values(dashboards())[0]?.templating.list ?? []
  const found = {
    prometheus: { service: [], instance: [], store: [] },
    victoriaMetrics: { service: [], instance: [], store: [] },
  }
  const offered: Record<Route, Record<Variable, readonly string[]>> = found
  for (const name of names) {
    const { query = '', regex = '' } = variables.find((variable) => variable.name === name) ?? {}
    const expr = query.replace(/^query_result\((.*)\)$/, '$1')
    const question: Question = { from: '', title: name, expr: { prometheus: expr, victoriaMetrics: expr }, metrics: [] }
    const [answer] = await ask([question], backends, {
      prometheus: chosen(offered.prometheus, names),
      victoriaMetrics: chosen(offered.victoriaMetrics, names),
    })
    const pattern = new RegExp(regex.replace(/^\/|\/$/g, ''))
    for (const route of routes) {
      const values = answer?.samples[route].flatMap(({ labels }) => pattern.exec(asGrafanaWritesIt(labels))?.[1] ?? []) ?? []
      offered[route][name] = [...new Set(values)].sort()
    }
  }
  return offered
}

/** What is asked for with these values chosen of these variables; of the others, All. */
function chosen(values: Readonly<Record<Variable, readonly string[]>>, of: readonly Variable[]): Chosen {
  return Object.fromEntries(of.filter((name) => values[name].length > 0).map((name) => [name, oneOf(values[name])]))
}

/**
 * What is wrong with the answers once something is chosen, a line each: all that there is must give what All gives, one store what is
 * of it or of none, and a service that is not there nothing.
 */
export async function choiceComplaints(all: readonly Question[], backends: Backends): Promise<string[]> {
  // From one moment to the next, what is above 0 may be another.
  const questions = all.filter(({ isAboveZeroOnly }) => isAboveZeroOnly !== true)
  const offered = await choices(backends)
  const store = offered.prometheus.store.at(-1) ?? ''
  const answers = await ask(questions, backends)
  const everything = byWay((route) => chosen(offered[route], names))
  const oneStore = byWay(() => ({ store }))
  const nobody = byWay(() => ({ service: 'not-there' }))
  const strange = (await ask(questions, backends, nobody)).flatMap(({ question, samples }) =>
    routes.filter((route) => samples[route].length > 0).map((route) => placeOf(question, route)),
  )
  return [
    ...changes(answers, await ask(questions, backends, everything)),
    ...changes(answers, await ask(questions, backends, oneStore), store),
    ...strange.map((place) => `${place}: answered for a service that is not there`),
  ]
}

/** What is not there any more though it should, or is though it should not; where one store is chosen, in view of that. */
function changes(all: readonly Answer[], chosen: readonly Answer[], store?: string): string[] {
  return all.flatMap(({ question, samples }, index) =>
    routes.flatMap((route) => {
      // Added up without the label, what is left cannot be told from what was left out.
      if (store !== undefined && !samples[route].some(({ labels }) => labels['store'] !== undefined)) return []
      const isOurs = (series: string): boolean => store === undefined || [undefined, store].includes(storeIn(series))
      const kept = new Set(seriesOf(chosen[index]?.samples[route] ?? []).keys())
      const wanted = new Set([...seriesOf(samples[route]).keys()].filter(isOurs))
      const lost = [...wanted].filter((series) => !kept.has(series)).map((series) => `${series} is lost`)
      const strange = [...kept].filter((series) => !wanted.has(series)).map((series) => `${series} is not what was chosen`)
      return [...lost, ...strange].map((line) => `${placeOf(question, route)}: ${line}`)
    }),
  )
}

function placeOf({ from, title }: Question, route: Route): string {
  return `${from}: ${title}, by way of ${route}`
}

function byWay(chosenOf: (route: Route) => Chosen): Readonly<Record<Route, Chosen>> {
  return { prometheus: chosenOf('prometheus'), victoriaMetrics: chosenOf('victoriaMetrics') }
}

function storeIn(series: string): string | undefined {
  return (JSON.parse(series.trim()) as { store?: string }).store
}

/** As Grafana hands a series to a variable's regular expression. */
function asGrafanaWritesIt(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
  return `{${pairs.join(',')}} 1 1700000000000`
}

/** As Grafana writes chosen values into a query: as a regular expression, within quotes. */
function oneOf(values: readonly string[]): string {
  const escaped = values.map((value) => value.replace(/\\/g, '\\\\\\\\').replace(/[$^*{}[\]'+?.()|]/g, '\\\\$&'))
  return escaped.length === 1 ? (escaped[0] ?? '') : `(${escaped.join('|')})`
}
