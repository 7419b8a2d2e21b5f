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
import { type InstantQuery, queryAt } from '../../src/history/queries.ts'
import type { HistorySeries } from '../../src/history/series.ts'

const intervalMs = 10_000
const hourMs = 3_600_000
const days = 3
const endMs = days * 24 * hourMs
const bounds = ['0.001', '0.01', '0.1', '1', '+Inf']
const counter: HistorySeries = { name: 'c_total', labels: {}, isCounter: true }
const gauge: HistorySeries = { name: 'g', labels: {}, isCounter: false }
const buckets = bounds.map((le): HistorySeries => ({ name: 'h_bucket', labels: { le }, isCounter: true }))

/** The values of every series: a load that follows the day, with noise and restarts. */
function createValues(): Map<HistorySeries, number[]> {
  const random = randomFrom(7)
  const values = new Map<HistorySeries, number[]>([counter, gauge, ...buckets].map((series) => [series, []]))
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
  }
  return values
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
const queries: ReadonlyArray<[expression: string, query: Omit<InstantQuery, 'window'>, bound: number]> = [
  ['rate(c_total[1h])', { metric: 'c_total', function: 'rate' }, 0.01],
  ['increase(c_total[1h])', { metric: 'c_total', function: 'increase' }, 0.01],
  ['histogram_quantile(0.99, rate(h_bucket[1h]))', { metric: 'h', function: 'quantile', quantile: 0.99 }, 0.01],
  ['avg_over_time(g[1h])', { metric: 'g', function: 'avg' }, 0.01],
]
const exactQueries: typeof queries = [
  ['min_over_time(g[1h])', { metric: 'g', function: 'min' }, 0],
  ['max_over_time(g[1h])', { metric: 'g', function: 'max' }, 0],
  ['g', { metric: 'g', function: 'value' }, 0],
  ['c_total', { metric: 'c_total', function: 'value' }, 0],
]

/** Asks promtool which answers differ by more than a bound. Returns undefined if none does, else its output. */
async function findErrors(times: readonly number[], asked: typeof queries, isAligned: boolean): Promise<string | undefined> {
  const folder = await temporaryFolder()
  const file = join(folder, 'accuracy.yml')
  const tests = times.flatMap((timeMs) =>
    asked.map(([expression, query, bound]) => {
      const ours = queryAt(history, { ...query, window: hourMs }, timeMs)[0]?.value
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
