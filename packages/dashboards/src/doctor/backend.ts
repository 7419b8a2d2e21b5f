import { labelMatchers } from '../promql.ts'
import type { ExpectedSeries } from './expected-series.ts'
import { parseExposition, parseNumber } from './exposition-parser.ts'
import { getJson, type RequestOptions, redactUrl } from './http-client.ts'
import type { Sample } from './sample.ts'

/** A place along the route that can be asked what it holds. */
export interface Backend {
  readonly name: string
  /** What it has of these series, under whatever names. @throws Unanswered */
  find(given: readonly ExpectedSeries[]): Promise<readonly Sample[]>
  /** Where to look when a series does not get here. */
  whereLost(): Promise<string>
}

/** A page in Prometheus' format: what the Collector shows. */
export function pageBackend(url: URL, asking: RequestOptions): Backend {
  return {
    name: `the page ${redactUrl(url)}`,
    find: async () => parseExposition(await getJson(url, asking)),
    whereLost: async () =>
      'Look in the Collector for a filter, for a pipeline of metrics without this exporter, and in its log for refusals.',
  }
}

/** Prometheus, which may read a page that was asked before. */
export function prometheusBackend(url: URL, page: URL | undefined, asking: RequestOptions): Backend {
  return {
    name: `Prometheus ${redactUrl(url)}`,
    find: (given) => found(url, asking, given),
    whereLost: async () => {
      if (page !== undefined) return targetSaid(await getJson(api(url, 'targets'), asking), page)
      return 'Look at its targets and at the log of what writes to it; with --metrics, the page that it reads, both sides can be told apart.'
    },
  }
}

/** VictoriaMetrics, which answers as Prometheus does. */
export function victoriaMetricsBackend(url: URL, asking: RequestOptions): Backend {
  return {
    name: `VictoriaMetrics ${redactUrl(url)}`,
    find: (given) => found(url, asking, given),
    whereLost: async () =>
      'Look for a -relabelConfig or write_relabel_configs that drops it, and in the log of what writes to it: the Collector, vmagent or the remote_write of Prometheus.',
  }
}

/** Under its names first; only where something is missing, under any name that holds part of ours: that is dear. */
async function found(url: URL, asking: RequestOptions, given: readonly ExpectedSeries[]): Promise<readonly Sample[]> {
  const exact = await Promise.all(given.map(({ name, labels }) => query(url, asking, `${name}${labelMatchers(labels)}`)))
  if (exact.every(({ length }) => length > 0)) return exact.flat()
  const stems = [...new Set(given.map(({ stem }) => stem))].join('|')
  return query(url, asking, `{__name__=~".*(${stems}).*",le=~"|[+]Inf"}`)
}

interface Answer {
  readonly data?: {
    readonly result?: ReadonlyArray<{ readonly metric: Record<string, string>; readonly value: readonly [number, string] }>
  }
}

async function query(url: URL, asking: RequestOptions, promql: string): Promise<Sample[]> {
  // VictoriaMetrics would answer from what it remembers, and hold back the last half minute: a millisecond is the least it may.
  const body = new URLSearchParams({ query: promql, nocache: '1', latency_offset: '1ms' })
  const { data } = JSON.parse(await getJson(api(url, 'query'), asking, { method: 'POST', body })) as Answer
  return (data?.result ?? []).map(({ metric: { __name__: name = '', ...labels }, value: [, value] }) => {
    return { name, labels, value: parseNumber(value) }
  })
}

/** Under the path of the address, which a proxy may have put in front. */
function api(base: URL, method: string): URL {
  const url = new URL(base)
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/api/v1/${method}`
  return url
}

interface Targets {
  readonly data?: {
    readonly activeTargets?: ReadonlyArray<{ readonly scrapeUrl: string; readonly health: string; readonly lastError: string }>
  }
}

function targetSaid(answer: string, page: URL): string {
  const { data } = JSON.parse(answer) as Targets
  const targets = data?.activeTargets ?? []
  const target = targets.find(({ scrapeUrl }) => URL.parse(scrapeUrl)?.host === page.host)
  if (target === undefined) {
    return `None of its ${targets.length} targets is ${page.host}: it does not read that page, unless it knows it under another name; add it to scrape_configs.`
  }
  if (target.health === 'down') return `It cannot read ${page.host}: ${target.lastError}.`
  return 'It reads that page: look for metric_relabel_configs that drop it, and for a sample_limit; and wait for its next scrape (--timeout-seconds).'
}
