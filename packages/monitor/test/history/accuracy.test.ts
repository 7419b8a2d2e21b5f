import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { areInstalled, programPath } from '@wombat/test-support/backend-programs'
import { randomFrom } from '@wombat/test-support/random'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { TimeSeries } from '../../src/history/memory/time-series.ts'
import type { HistorySeries } from '../../src/history/series.ts'
import { evaluateGroups, groupSeries, type SeriesQuery, selectSeries } from '../../src/history/series-query.ts'
import { TimeSlices } from '../../src/time/time-slices.ts'

const intervalMs = 10_000
const hourMs = 3_600_000
const days = 3
const endMs = days * 24 * hourMs
const bounds = ['0.001', '0.01', '0.1', '1', '+Inf']
const counter: HistorySeries = { name: 'c_total', labels: {}, isCounter: true }
const gauge: HistorySeries = { name: 'g', labels: {}, isCounter: false }
const buckets = bounds.map((le): HistorySeries => ({ name: 'h_bucket', labels: { le }, isCounter: true }))
const stores = ['a', 'b']
/** Of each store, a counter, a gauge and a histogram that grow differently. */
const ofStores = stores.flatMap((store): HistorySeries[] => [
  { name: 's_total', labels: { store }, isCounter: true },
  { name: 's', labels: { store }, isCounter: false },
  ...bounds.map((le) => ({ name: 's_bucket', labels: { store, le }, isCounter: true })),
])

/** The values of every series: a load that follows the day, with noise and restarts. */
function createValues(): Map<HistorySeries, number[]> {
  const random = randomFrom(7)
  const values = new Map<HistorySeries, number[]>([counter, gauge, ...buckets, ...ofStores].map((series) => [series, []]))
  let count = 0
  let level = 50
  const counts = bounds.map(() => 0)
  for (let timeMs = 0; timeMs <= endMs; timeMs += intervalMs) {
    if (random() < 0.0002) {
      count = 0
      counts.fill(0)
    }
    const load = 100 + 60 * Math.sin((timeMs / hourMs / 24) * 2 * Math.PI) + 40 * random()
    count += Math.floor(load)
    level += (random() - 0.5) * 4
    for (let index = 0; index < counts.length; index++)
      counts[index] = (counts[index] as number) + Math.floor((load * (index + 1)) / counts.length)
    values.get(counter)?.push(count)
    values.get(gauge)?.push(level)
    for (const [index, series] of buckets.entries()) values.get(series)?.push(counts[index] as number)
    for (const series of ofStores) values.get(series)?.push(storeValue(series, count, level, counts))
  }
  return values
}

/** Returns the value of a series of a store, from those of the series without a store. */
function storeValue({ name, labels }: HistorySeries, count: number, level: number, counts: readonly number[]): number {
  const factor = stores.indexOf(labels['store'] ?? '') + 2
  if (name === 's') return level * factor
  if (name === 's_total') return count * factor
  const index = bounds.indexOf(labels['le'] ?? '')
  return (counts[index] as number) + (factor * (index + 1) * (counts.at(-1) as number)) / 10
}

const values = createValues()
const history = new TimeSeries({ intervalMs })
for (let tick = 0; tick * intervalMs <= endMs; tick++) {
  history.append(
    tick * intervalMs,
    [...values].map(([series, all]) => ({ series, value: all[tick] as number })),
  )
}

/** Queries with a window of an hour: PromQL, ours, and the largest relative error where the window cuts steps. */
const queries: ReadonlyArray<[expression: string, query: SeriesQuery, bound: number]> = [
  ['rate(c_total[1h])', { metrics: ['c_total'], function: 'rate' }, 0.01],
  ['increase(c_total[1h])', { metrics: ['c_total'], function: 'increase' }, 0.01],
  ['histogram_quantile(0.99, rate(h_bucket[1h]))', { metrics: ['h'], function: 'quantile', quantiles: [0.99] }, 0.01],
  ['avg_over_time(g[1h])', { metrics: ['g'], function: 'avg' }, 0.01],
  ['sum(rate(s_total[1h]))', { metrics: ['s_total'], function: 'rate', by: [] }, 0.01],
  ['sum(rate(s_total[1h])) + sum(rate(c_total[1h]))', { metrics: ['s_total', 'c_total'], function: 'rate', by: [] }, 0.01],
  [
    'sum by (store) (rate(s_total{store="b"}[1h]))',
    { metrics: ['s_total'], function: 'rate', by: ['store'], where: new Map([['store', new Set(['b'])]]) },
    0.01,
  ],
  ['max(increase(s_total[1h]))', { metrics: ['s_total'], function: 'increase', by: [], aggregation: 'max' }, 0.01],
  ['avg(avg_over_time(s[1h]))', { metrics: ['s'], function: 'avg', by: [], aggregation: 'avg' }, 0.01],
  [
    'histogram_quantile(0.9, sum by (le) (rate(s_bucket[1h])))',
    { metrics: ['s'], function: 'quantile', quantiles: [0.9], by: [] },
    0.01,
  ],
  [
    'histogram_quantile(0.9, sum by (le) (rate({__name__=~"[hs]_bucket"}[1h])))',
    { metrics: ['h', 's'], function: 'quantile', quantiles: [0.9], by: [] },
    0.01,
  ],
]
const exactQueries: typeof queries = [
  ['min_over_time(g[1h])', { metrics: ['g'], function: 'min' }, 0],
  ['max_over_time(g[1h])', { metrics: ['g'], function: 'max' }, 0],
  ['g', { metrics: ['g'], function: 'value' }, 0],
  ['c_total', { metrics: ['c_total'], function: 'value' }, 0],
  ['sum(s)', { metrics: ['s'], function: 'value', by: [] }, 0],
  ['min(s)', { metrics: ['s'], function: 'value', by: [], aggregation: 'min' }, 0],
  ['min(min_over_time(s[1h]))', { metrics: ['s'], function: 'min', by: [], aggregation: 'min' }, 0],
]

/** Returns the value of the only series of an answer, at one time. */
async function valueAt(query: SeriesQuery, timeMs: number): Promise<number | undefined> {
  const slices = new TimeSlices()
  const asked = { ...query, windowMs: hourMs }
  const groups = await groupSeries(asked, await selectSeries(history, asked, slices), slices)
  const [result] = await evaluateGroups(history, asked, groups, { startMs: timeMs, stepMs: 1, count: 1 }, slices)
  return result?.values.at(0)
}

/** Asks promtool which answers differ by more than a bound. Returns undefined if none does, else its output. */
async function findErrors(times: readonly number[], asked: typeof queries, isAligned: boolean): Promise<string | undefined> {
  const folder = await temporaryFolder()
  const file = join(folder, 'accuracy.yml')
  const questions = times.flatMap((timeMs) => asked.map((question) => [timeMs, ...question] as const))
  const tests = await Promise.all(
    questions.map(async ([timeMs, expression, query, bound]) => {
      const ours = await valueAt(query, timeMs)
      const limit = isAligned ? 1e-9 : bound
      return {
        expr: `abs((${expression}) / ${ours ?? 'NaN'} - 1) > ${limit} or absent((${expression}) / ${ours ?? 'NaN'})`,
        eval_time: `${timeMs}ms`,
        exp_samples: [],
      }
    }),
  )
  const inputs = [...values].map(([{ name, labels }, all]) => ({
    series: `${name}{${Object.entries(labels).map(([key, value]) => `${key}="${value}"`)}}`,
    values: all.join(' '),
  }))
  await writeFile(
    file,
    stringify({ evaluation_interval: '10s', tests: [{ interval: '10s', input_series: inputs, promql_expr_test: tests }] }),
  )
  try {
    await promisify(execFile)(programPath('promtool'), ['test', 'rules', file], { maxBuffer: 2 ** 28 })
    return undefined
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    return `${stdout}${stderr}`.slice(0, 3000)
  }
}

describe.skipIf(!areInstalled('promtool'))('an answer of the history and of Prometheus', () => {
  const agesHours = [0.5, 2, 6, 12, 20, 26, 40, 60]

  test('are equal at every age if the window covers whole steps', async () => {
    const times = agesHours.map((age) => Math.floor((endMs - age * hourMs) / (hourMs / 4)) * (hourMs / 4))
    expect(await findErrors(times, [...queries, ...exactQueries], true)).toBe(undefined)
  }, 120_000)

  test('differ by at most 1 % for a window of an hour at any age and time', async () => {
    const random = randomFrom(3)
    const times = agesHours.flatMap((age) =>
      Array.from({ length: 10 }, () => Math.floor((endMs - age * hourMs + random() * hourMs * 0.4) / 1000) * 1000),
    )
    expect(await findErrors(times, queries, false)).toBe(undefined)
  }, 120_000)
})
