import type { AlertRule, HistorySeries } from '@wombat/monitor'
import { randomFrom } from '@wombat/test-support/random'
import { createRandomRule } from './random-rule.ts'

/** The sample of a series at one evaluation: a value, no value because the series ended, or no value because nothing was scraped. */
export type SampleValue = number | 'ended' | 'not scraped'

export interface Scenario {
  readonly seed: number
  readonly intervalMs: number
  readonly ticks: number
  /** Number of samples from one evaluation to the next. */
  readonly evaluateEvery: number
  /** The system clock is set by this many milliseconds before this sample; AlertManager must not notice. */
  readonly clockStep: { readonly tick: number; readonly deltaMs: number } | undefined
  readonly series: ReadonlyArray<{ readonly series: HistorySeries; readonly values: readonly SampleValue[] }>
  readonly rule: AlertRule
}

const bounds = ['0.001', '0.01', '0.1', '1', '+Inf']
/** An empty label is none. */
const labelSets = [
  { store: 'orders', extra: '' },
  { store: 'users', level: '0' },
  { store: 'users', level: '1', extra: '' },
]

/** Times between two samples, and how many there are: up to 40 days, and in some scenarios many samples per step of the history. */
const shapes = [
  { intervalMs: 10_000, ticks: 50 },
  { intervalMs: 15_000, ticks: 50 },
  { intervalMs: 30_000, ticks: 50 },
  { intervalMs: 60_000, ticks: 50 },
  { intervalMs: 43_200_000, ticks: 60 },
  { intervalMs: 10_000, ticks: 1300 },
]

/** Creates a random scenario that depends on the seed only: series with restarts, gaps, ends and noise, and one rule over them. */
export function createScenario(seed: number): Scenario {
  const random = randomFrom(seed * 2_654_435_761)
  for (let warm = 0; warm < 16; warm++) random()
  // Long ones are rare: each is as much work as twenty others.
  const shape = shapes[random() < 0.03 ? 5 : Math.floor(random() * 5)] as (typeof shapes)[number]
  const { intervalMs } = shape
  const isLong = shape.ticks > 100
  const ticks = shape.ticks + Math.floor(random() * 40)
  // Rules are evaluated once a day at least.
  const every = [1, 1, 1, 2, 5, 10][Math.floor(random() * 6)] as number
  const evaluateEvery = isLong ? 60 : Math.min(every, Math.floor(86_400_000 / intervalMs))
  const clockStep =
    random() < 0.3 ? { tick: Math.floor(random() * ticks), deltaMs: Math.floor((random() - 0.5) * 8) * 3_600_000 } : undefined
  const notScraped = outage(ticks, random)
  const stores = labelSets.slice(0, 1 + Math.floor(random() * labelSets.length))
  const series = stores.flatMap((labels) => {
    const ended = gaps(ticks, random)
    const hide = (values: number[]): SampleValue[] =>
      values.map((value, tick) => (notScraped.has(tick) ? 'not scraped' : ended.has(tick) ? 'ended' : value))
    const plain = (name: string, isCounter: boolean, values: number[]) => ({
      series: { name, labels, isCounter },
      values: hide(values),
    })
    const cumulative = histogram(ticks, random)
    return [
      ...replaced(plain('gauge', false, withSpecialValues(walk(ticks, random), random)), random),
      plain(
        'whole',
        false,
        walk(ticks, random).map((value) => Math.abs(value) + 20),
      ),
      plain('errors_total', true, counter(ticks, random, 0.3)),
      plain('operations_total', true, counter(ticks, random, 3)),
      ...bounds.map((le, index) => ({
        series: { name: 'latency_bucket', labels: { ...labels, le }, isCounter: true },
        values: hide(cumulative[index] as number[]),
      })),
    ]
  })
  const rule = createRandomRule(seed, { intervalMs, isLong, stores: stores.length }, random)
  return { seed, intervalMs, ticks, evaluateEvery, clockStep, series, rule }
}

interface PlainSeries {
  readonly series: HistorySeries
  readonly values: SampleValue[]
}

/** In one of five cases a series ends and another one, of a new pod, begins: as at a deployment. */
function replaced({ series, values }: PlainSeries, random: () => number): PlainSeries[] {
  if (random() < 0.8) return [{ series, values }]
  const from = Math.floor(random() * values.length)
  const isOld = (tick: number): boolean => tick < from
  const of = (pod: string, isKept: (tick: number) => boolean): PlainSeries => ({
    series: { ...series, labels: { ...series.labels, pod } },
    values: values.map((value, tick) => (value === 'not scraped' || isKept(tick) ? value : 'ended')),
  })
  return [of('one', isOld), of('two', (tick) => !isOld(tick))]
}

/** In one of four cases some values are NaN or infinite. */
function withSpecialValues(values: number[], random: () => number): number[] {
  if (random() < 0.75) return values
  const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  return values.map((value) => (random() < 0.1 ? (special[Math.floor(random() * 3)] as number) : value))
}

/** Returns the evaluations without a scrape: in three of ten scenarios, one interval. */
function outage(ticks: number, random: () => number): Set<number> {
  if (random() < 0.7) return new Set()
  const from = Math.floor(random() * ticks)
  const length = 1 + Math.floor(random() * 12)
  return new Set(Array.from({ length }, (_, index) => from + index))
}

/** Returns the evaluations at which a series is absent: it begins late, pauses, or ends. */
function gaps(ticks: number, random: () => number): Set<number> {
  const missing = new Set<number>()
  for (let left = Math.floor(random() * 4); left > 0; left--) {
    const from = random() < 0.3 ? 0 : Math.floor(random() * ticks)
    const length = random() < 0.2 ? ticks : 1 + Math.floor(random() * 8)
    for (let tick = from; tick < Math.min(ticks, from + length); tick++) missing.add(tick)
  }
  return missing
}

function walk(ticks: number, random: () => number): number[] {
  let value = (random() - 0.5) * 20
  return Array.from({ length: ticks }, () => {
    value += (random() - 0.5) * 8
    return value
  })
}

/** A counter that grows in bursts, pauses, and sometimes resets to a value near 0. */
function counter(ticks: number, random: () => number, pace: number): number[] {
  let value = random() < 0.5 ? 0 : Math.floor(random() * 1000)
  let speed = random() * 10 * pace
  return Array.from({ length: ticks }, () => {
    if (random() < 0.15) speed = random() < 0.4 ? 0 : random() * 20 * pace
    if (random() < 0.03) value = Math.floor(random() * 5)
    value += Math.floor(speed * random())
    return value
  })
}

function histogram(ticks: number, random: () => number): number[][] {
  const counts = bounds.map(() => 0)
  let center = random() * bounds.length
  const rows: number[][] = bounds.map(() => [])
  for (let tick = 0; tick < ticks; tick++) {
    if (random() < 0.02) counts.fill(0)
    center = Math.min(bounds.length - 1, Math.max(0, center + (random() - 0.5)))
    for (let more = Math.floor(random() * 30); more > 0; more--) {
      const bucket = Math.min(bounds.length - 1, Math.max(0, Math.round(center + (random() + random() - 1) * 2)))
      for (let index = bucket; index < bounds.length; index++) counts[index] = (counts[index] as number) + 1
    }
    for (const [index, row] of rows.entries()) row.push(counts[index] as number)
  }
  return rows
}
