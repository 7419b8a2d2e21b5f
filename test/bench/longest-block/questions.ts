import { Agent, get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Service } from './load.ts'

/** A request that is sent again and again. */
export interface Question {
  readonly name: string
  readonly port: number
  readonly path: string
  readonly accept?: string
  /** Milliseconds between an answer and the next request. */
  readonly pauseMs: number
}

/** Answers to one question. */
export interface Answers {
  readonly timesMs: number[]
  bytes: number
  failures: number
}

const protobuf = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited'

/** Returns everything that is asked at once. */
export function allQuestions({ jsonPort, prometheusPort, historyEndMs: endMs }: Service, historyDays: number): Question[] {
  const hourMs = 3_600_000
  const range = (fromMs: number, step: string): string => `start=${endMs - fromMs}&end=${endMs}&step=${step}`
  const days = `${range(historyDays * 24 * hourMs, '15m')}`
  const api = (name: string, path: string, pauseMs = 1000): Question => {
    return { name, port: jsonPort, path: `/api/v1/${path}`, pauseMs }
  }
  return [
    { name: 'scrape as text', port: prometheusPort, path: '/metrics', pauseMs: 1000 },
    {
      name: 'scrape as OpenMetrics',
      port: prometheusPort,
      path: '/metrics',
      accept: 'application/openmetrics-text;version=1.0.0',
      pauseMs: 2000,
    },
    { name: 'scrape as protobuf', port: prometheusPort, path: '/metrics', accept: protobuf, pauseMs: 2000 },
    api('all metrics as JSON', 'metrics', 2000),
    api('query: rate of each', `query?metric=bench_total&function=rate&time=${endMs}`),
    api('query: P99 of each store', 'query?metric=db_get_latency_seconds&function=quantile&quantile=0.99'),
    api('range of 1 h: rate of each', `query_range?metric=bench_total&function=rate&${range(hourMs, '1m')}`),
    api('range of 1 d: rate of each', `query_range?metric=bench_total&function=rate&${range(24 * hourMs, '5m')}`),
    api(
      'range of 1 d: sum of rates over 1 d',
      `query_range?metric=bench_total&function=rate&window=1d&by=&${range(24 * hourMs, '15m')}`,
    ),
    api(`range of ${historyDays} d: value of each`, `query_range?metric=bench_total&${days}`, 3000),
    api(`range of ${historyDays} d: sum of rates`, `query_range?metric=bench_total&function=rate&window=1h&by=&${days}`),
    api(
      `query: average of each over ${historyDays} d`,
      `query?metric=bench_total&function=avg&window=${historyDays}d&time=${endMs}`,
    ),
    api('heat map of all stores', `heatmap?metric=db_get_latency_seconds&start=${Date.now() - hourMs}&step=1m`),
    api('stores', 'stores'),
    api('catalog', 'catalog'),
    api('alerts', 'alerts', 2000),
    api('rules', 'rules'),
    api('values of a rule', `rules/HighErrorRateGet/values?start=${Date.now() - hourMs}&step=1m`),
    api('events', 'events'),
    api('slow operations', 'slow-operations'),
    api('errors', 'errors'),
    api('configuration', 'config'),
    { name: 'health', port: jsonPort, path: '/health', pauseMs: 500 },
    { name: 'readiness', port: jsonPort, path: '/readyz', pauseMs: 500 },
  ]
}

/** Asks all questions, each after its own answer, until the signal is aborted. Returns the answers by name. */
export async function askAll(questions: readonly Question[], signal: AbortSignal): Promise<Map<string, Answers>> {
  const agent = new Agent({ keepAlive: true })
  const answers = new Map<string, Answers>()
  const running = questions.map(async (question) => {
    const all: Answers = { timesMs: [], bytes: 0, failures: 0 }
    answers.set(question.name, all)
    while (!signal.aborted) {
      const startMs = performance.now()
      const { status, bytes } = await ask(question, agent, signal)
      if (signal.aborted) break
      if (status === 200) all.timesMs.push(performance.now() - startMs)
      else all.failures++
      all.bytes = bytes
      await sleep(question.pauseMs, undefined, { signal }).catch(() => {})
    }
  })
  await Promise.all(running)
  agent.destroy()
  return answers
}

/** Reads an answer without looking at it. */
function ask(
  { port, path, accept = '*/*' }: Question,
  agent: Agent,
  signal: AbortSignal,
): Promise<{ status: number; bytes: number }> {
  return new Promise((resolve) => {
    const failed = (): void => resolve({ status: 0, bytes: 0 })
    const request = get({ host: '127.0.0.1', port, path, agent, signal, headers: { accept } }, (response) => {
      let bytes = 0
      response.on('data', (part: Buffer) => {
        bytes += part.length
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, bytes }))
      response.on('error', failed)
    })
    request.on('error', failed)
  })
}

/** Keeps a stream of events open. */
export function openStream({ jsonPort }: Service, signal: AbortSignal): void {
  const request = get({ host: '127.0.0.1', port: jsonPort, path: '/api/v1/events/stream', signal }, (response) => {
    response.resume()
    response.on('error', () => {})
  })
  request.on('error', () => {})
}
