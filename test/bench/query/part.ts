import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { DurableHistory, type HistorySeries, type Logger, type Monitoring, startMonitoring } from '@wombat/monitor'
import type { CaseResult, ComparisonResult, Effort } from '../comparison.ts'
import { computeSpread, quantile } from '../spread.ts'
import { watchBlocks } from '../watch-blocks.ts'

const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {} }
const minuteMs = 60_000
const bounds = [...Array.from({ length: 22 }, (_, index) => String(10 ** (index / 4 - 4))), '+Inf']

/**
 * Measures queries over a day of a thousand series, as the page of the console sends them: how long each takes, and how long it blocks the
 * event loop at a time.
 */
export async function* query({ rounds, quick }: Effort): AsyncGenerator<ComparisonResult> {
  const folder = await mkdtemp(join(tmpdir(), 'wombat-bench-query-'))
  const stores = quick ? 20 : 1000
  const steps = quick ? 12 : 288
  const path = join(folder, 'history.db')
  const endMs = await recordDay(path, stores, quick ? 60 : 24 * 60)
  const monitoring = await startMonitoring({
    logger: quiet,
    historyPath: path,
    historyMemoryBytes: 2 ** 28,
    jsonApiEnabled: false,
  })
  try {
    await waitForHistory(monitoring, stores, endMs)
    const range = `start=${endMs - (steps - 1) * 5 * minuteMs}&end=${endMs}&step=5m`
    const askedPer: Readonly<Record<string, string>> = {
      'the rate of each': `query_range?metric=bench_total&function=rate&${range}`,
      'the sum of their rates': `query_range?metric=bench_total&function=rate&by=&${range}`,
      'P50 and P99 of a histogram in 43 stores, added up': `query_range?metric=bench_seconds&function=quantile&quantile=0.5&quantile=0.99&by=&${range}`,
      'the heatmap of that histogram': `heatmap?metric=bench_seconds&${range}`,
      'the rate of each at one time': `query?metric=bench_total&function=rate&time=${endMs}`,
    }
    const measured: CaseResult[] = []
    for (const [name, asked] of Object.entries(askedPer)) {
      measured.push(...(await measure(monitoring, name, `http://localhost/api/v1/${asked}`, Math.max(3, rounds / 10))))
    }
    yield {
      name: `a day of ${stores} counters, ${steps} steps`,
      per: 'query',
      rounds: Math.max(3, rounds / 10),
      cases: measured,
      ratios: [],
    }
  } finally {
    await monitoring.close()
    await rm(folder, { recursive: true, force: true })
  }
}

/** Writes a history of counters and of a histogram, one sample per minute until now. Returns the time of the last. */
async function recordDay(path: string, stores: number, minutes: number): Promise<number> {
  const history = await DurableHistory.open({ path, logger: quiet, retentionMs: 2 * 86_400_000, maxBytes: 2 ** 30 })
  const names = Array.from({ length: stores }, (_, index) => `store${index}`)
  const counters = names.map((store): HistorySeries => ({ name: 'bench_total', labels: { store }, isCounter: true }))
  const histograms = names
    .slice(0, 43)
    .flatMap((store): HistorySeries[] => [
      ...bounds.map((le) => ({ name: 'bench_seconds_bucket', labels: { store, le }, isCounter: true })),
      { name: 'bench_seconds_sum', labels: { store }, isCounter: true },
      { name: 'bench_seconds_count', labels: { store }, isCounter: true },
    ])
  const series = [...counters, ...histograms]
  const endMs = Date.now() - 1000
  for (let minute = 1; minute <= minutes; minute++) {
    const samples = series.map((one, index) => ({ series: one, value: minute * (1 + (index % bounds.length)) }))
    history.append(endMs - (minutes - minute) * minuteMs, samples)
    await turn()
  }
  await history.close()
  return endMs
}

/** Waits until the series of the file are in memory. */
async function waitForHistory(monitoring: Monitoring, stores: number, endMs: number): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    const response = await monitoring.fetch(new Request(`http://localhost/api/v1/query?metric=bench_total&time=${endMs}`))
    const { series = [] } = (await response.json()) as { series?: readonly object[] }
    if (series.length === stores) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`${stores} series must be restored within 30 s: the queries would read nothing`)
}

/** Returns the time of a query, and the longest time for which it blocked the event loop. */
async function measure(monitoring: Monitoring, name: string, url: string, rounds: number): Promise<CaseResult[]> {
  const timesNs: number[] = []
  const blocksNs: number[] = []
  for (let round = -1; round < rounds; round++) {
    const blocks = watchBlocks()
    const startMs = performance.now()
    const response = await monitoring.fetch(new Request(url))
    if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`)
    for await (const _ of response.body ?? []) await turn()
    const timeMs = performance.now() - startMs
    const longestMs = blocks.stop()
    // The first round warms up.
    if (round < 0) continue
    timesNs.push(timeMs * 1e6)
    blocksNs.push(longestMs * 1e6)
  }
  const longest = computeSpread(blocksNs)
  return [
    { name, nanoseconds: computeSpread(timesNs), p95Nanoseconds: quantile(timesNs, 0.95) },
    {
      name: `${name}: the longest block of the event loop`,
      nanoseconds: longest,
      p95Nanoseconds: quantile(blocksNs, 0.95),
      goal: { is: 'at most', value: 10e6, met: longest.median <= 10e6 },
    },
  ]
}
