import { labelMatchers } from '../promql.ts'
import { parseExposition, parseNumber } from './exposition-parser.ts'
import { fetchText, type RequestOptions, redactUrl } from './http-client.ts'
import type { ExpectedSeries, Sample } from './series.ts'

/** A system along the route that can be queried for series. */
export interface Backend {
  readonly name: string
  /** Returns samples that may belong to these series, also under other names. @throws RequestError */
  find(expected: readonly ExpectedSeries[]): Promise<readonly Sample[]>
  /** Returns what to check if a series did not arrive. @throws RequestError */
  lossAdvice(): Promise<string>
}

/** Creates the backend for a /metrics endpoint: the Collector's or a process's. */
export function createMetricsEndpoint(url: URL, options: RequestOptions): Backend {
  return {
    name: `metrics endpoint ${redactUrl(url)}`,
    find: async () => parseExposition(await fetchText(url, options)),
    lossAdvice: async () =>
      'Check the Collector for a filter processor, for a metrics pipeline without this exporter, and its log for rejected data.',
  }
}

/** Creates the backend for Prometheus. If it scrapes `metricsEndpoint`, the advice depends on the state of that target. */
export function createPrometheus(url: URL, metricsEndpoint: URL | undefined, options: RequestOptions): Backend {
  return {
    name: `Prometheus ${redactUrl(url)}`,
    find: (expected) => findSeries(url, options, expected),
    lossAdvice: async () => {
      if (metricsEndpoint !== undefined) {
        return targetAdvice(await fetchText(apiUrl(url, 'targets'), options), metricsEndpoint)
      }
      return 'Check the targets of Prometheus and the log of what writes to it. With --metrics, the doctor also checks the endpoint that Prometheus scrapes.'
    },
  }
}

/** Creates the backend for VictoriaMetrics, which has Prometheus' query API. */
export function createVictoriaMetrics(url: URL, options: RequestOptions): Backend {
  return {
    name: `VictoriaMetrics ${redactUrl(url)}`,
    find: (expected) => findSeries(url, options, expected),
    lossAdvice: async () =>
      'Check for a -relabelConfig or write_relabel_configs that drops it, and the log of what writes to VictoriaMetrics: the Collector, vmagent or the remote_write of Prometheus.',
  }
}

/** Queries by exact name first. Only if a series is missing, it queries by part of the name, which is expensive. */
async function findSeries(url: URL, options: RequestOptions, expected: readonly ExpectedSeries[]): Promise<readonly Sample[]> {
  const exact = await Promise.all(expected.map(({ name, labels }) => query(url, options, `${name}${labelMatchers(labels)}`)))
  if (exact.every(({ length }) => length > 0)) return exact.flat()
  const stems = [...new Set(expected.map(({ stem }) => stem))].join('|')
  return query(url, options, `{__name__=~".*(${stems}).*",le=~"|[+]Inf"}`)
}

interface QueryResponse {
  readonly data?: {
    readonly result?: ReadonlyArray<{ readonly metric: Record<string, string>; readonly value: readonly [number, string] }>
  }
}

async function query(url: URL, options: RequestOptions, promql: string): Promise<Sample[]> {
  // VictoriaMetrics would use its cache and leave out the last 30 seconds; 1ms is the smallest latency_offset it accepts.
  const body = new URLSearchParams({ query: promql, nocache: '1', latency_offset: '1ms' })
  const { data } = JSON.parse(await fetchText(apiUrl(url, 'query'), options, { method: 'POST', body })) as QueryResponse
  return (data?.result ?? []).map(({ metric: { __name__: name = '', ...labels }, value: [, value] }) => {
    return { name, labels, value: parseNumber(value) }
  })
}

/** Keeps the path of the URL: a reverse proxy may need it. */
function apiUrl(base: URL, method: string): URL {
  const url = new URL(base)
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/api/v1/${method}`
  return url
}

interface TargetsResponse {
  readonly data?: {
    readonly activeTargets?: ReadonlyArray<{ readonly scrapeUrl: string; readonly health: string; readonly lastError: string }>
  }
}

function targetAdvice(response: string, { host }: URL): string {
  const { data } = JSON.parse(response) as TargetsResponse
  const targets = data?.activeTargets ?? []
  const target = targets.find(({ scrapeUrl }) => URL.parse(scrapeUrl)?.host === host)
  if (target === undefined) {
    return `None of the ${targets.length} targets of Prometheus is ${host}. Add it to scrape_configs, unless Prometheus scrapes it under another host name.`
  }
  if (target.health === 'down') return `Prometheus cannot scrape ${host}: ${target.lastError}.`
  return `Prometheus scrapes ${host}. Check for metric_relabel_configs that drop the series and for a sample_limit; if the scrape interval is long, increase --timeout-seconds.`
}
