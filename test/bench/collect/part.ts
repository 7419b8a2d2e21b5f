import { setImmediate } from 'node:timers/promises'
import { MetricsRegistry } from '@wombat/instrumentation'
import { compare } from '../compare.ts'
import type { CaseResult, ComparisonResult, Effort } from '../comparison.ts'
import { logUniform, randomNumbers } from '../random.ts'
import { computeSpread, type Spread } from '../spread.ts'
import { watchBlocks } from '../watch-blocks.ts'
import { formats, ourStores, readRegistry } from './ours.ts'
import { promClientStores, successorStores } from './prom-client.ts'

/** Compares the time of a page for Prometheus, as bytes, and measures how it grows and how long it blocks the event loop. */
export async function* collect(effort: Effort): AsyncGenerator<ComparisonResult> {
  const durations = logUniform(1000, 1e-7, 20, randomNumbers(2))
  for (const storeCount of [1, 10, 100]) yield comparePages(storeCount, durations, effort)
  yield measureBlocks(effort)
}

/** Compares the pages of the metrics of all operations of some stores. */
async function comparePages(storeCount: number, durations: Float64Array, effort: Effort): Promise<ComparisonResult> {
  const stores = Array.from({ length: storeCount }, (_, index) => `store-${index}`)
  const ours = ourStores(stores, durations)
  const promClient = promClientStores(stores, durations)
  const successor = successorStores(stores, durations)
  const samples = countSamples(await promClient.text())
  if (countSamples(await successor.text()) !== samples)
    throw new Error('not the same work: the clients do not write the same samples')
  const parts: Uint8Array[] = []
  await ours.page('text', (part) => parts.push(part))
  if (countSamples(Buffer.concat(parts).toString()) < samples) {
    throw new Error('not the same work: prom-client writes samples that we do not')
  }
  const repeat = effort.quick ? 1 : 200 / storeCount
  const repeated = (page: () => Promise<unknown>) => async (): Promise<void> => {
    for (let done = 0; done < repeat; done++) await page()
  }
  return compare(
    {
      name: `${storeCount} ${storeCount === 1 ? 'store' : 'stores'}, ${samples} samples`,
      per: 'page',
      unitsPerPass: repeat,
      cases: [
        ...formats.map((format) => ({ name: `ours, ${format}`, pass: repeated(() => ours.page(format)) })),
        { name: 'ours, snapshot', pass: repeated(ours.snapshot) },
        { name: '@prometheus-io/client, text', pass: repeated(async () => Buffer.from(await successor.text())) },
        { name: 'prom-client, text', pass: repeated(async () => Buffer.from(await promClient.text())) },
      ],
      ratios: [
        { of: 'ours, text', to: '@prometheus-io/client, text', goal: { is: 'at most', value: 0.25 } },
        { of: 'ours, text', to: 'prom-client, text', goal: { is: 'at most', value: 0.2 } },
        { of: 'ours, openmetrics', to: '@prometheus-io/client, text' },
        { of: 'ours, protobuf', to: '@prometheus-io/client, text' },
      ],
    },
    effort,
  )
}

/** Measures the time of a page per series, and how long it blocks the event loop at most, for numbers of series of very different sizes. */
async function measureBlocks({ quick, rounds }: Effort): Promise<ComparisonResult> {
  const cases: CaseResult[] = []
  const pages = quick ? 1 : Math.max(3, Math.round(rounds / 10))
  for (const series of quick ? [100] : [100, 10_000, 100_000, 1_000_000]) {
    const { page } = readRegistry(createSeries(series))
    for (const format of formats) {
      const perSeries: number[] = []
      const blocks: number[] = []
      for (let done = 0; done <= pages; done++) {
        const { milliseconds, longestBlockMs } = await measureBlock(() => page(format))
        // The first page creates what is kept, and must not block either.
        if (done > 0) perSeries.push((milliseconds * 1e6) / series)
        blocks.push(longestBlockMs * 1e6)
      }
      const name = `${series} series, ${format}`
      cases.push({ name: `${name}, per series`, nanoseconds: computeSpread(perSeries) })
      cases.push({ name: `${name}, longest block`, nanoseconds: computeSpread(blocks), goal: judge(computeSpread(blocks)) })
    }
  }
  return { name: 'pages of counters by number of series, the first one included', per: 'page', rounds: pages, cases, ratios: [] }
}

const longestBlockMs = 5

function judge({ median }: Spread): NonNullable<CaseResult['goal']> {
  return { is: 'at most', value: longestBlockMs * 1e6, met: median <= longestBlockMs * 1e6 }
}

function createSeries(count: number): MetricsRegistry {
  const registry = new MetricsRegistry({ cardinalityLimit: count + 2 })
  registry.declare({ name: 'app_jobs_total', kind: 'counter', unit: '{job}', description: 'Jobs.', attributes: ['queue'] })
  for (let index = 0; index < count; index++) registry.incrementCounter('app_jobs_total', index, { queue: `queue-${index}` })
  return registry
}

/** Returns the time of a page, and for how long it blocked the event loop at most. */
async function measureBlock(page: () => Promise<unknown>): Promise<{ milliseconds: number; longestBlockMs: number }> {
  await setImmediate()
  const blocks = watchBlocks()
  const startMs = performance.now()
  await page()
  const milliseconds = performance.now() - startMs
  await setImmediate()
  return { milliseconds, longestBlockMs: blocks.stop() }
}

function countSamples(text: string): number {
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length
}
