import { setTimeout as wait } from 'node:timers/promises'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { instrument, MetricsRegistry } from '@wombat/instrumentation'
import { SnapshotReader } from '@wombat/monitor'
import type { CaseResult, ComparisonResult, Effort } from '../comparison.ts'
import { computeOrder } from '../rounds.ts'
import { computeSpread, quantile } from '../spread.ts'
import { largeStore } from './large-store.ts'
import { clockName, mainThreadNanoseconds } from './main-thread.ts'

/** The duration of a slow animation frame: longer pauses of the event loop are noticeable. */
const goalNanoseconds = 20e6

/** Pause between collections: one that immediately follows another gets the cached values. */
const apartMs = 25

interface Work {
  readonly name: string
  readonly run: () => unknown
  readonly goalNanoseconds?: number
}

/** Measures how long collecting the metrics of a large LevelDB blocks the event loop. */
export async function* engine({ engineBytes, rounds, warmUpRounds }: Effort): AsyncGenerator<ComparisonResult> {
  await using store = await largeStore(engineBytes)
  const { db } = store
  const works: readonly Work[] = [
    { name: 'one collection', run: createCollection(db), goalNanoseconds },
    { name: 'leveldb.sstables', run: () => db.getProperty('leveldb.sstables') },
  ]
  const times = works.map(() => [] as number[])
  for (let round = 0; round < warmUpRounds + rounds; round++) {
    for (const index of computeOrder(round, works.length)) {
      await wait(apartMs)
      const nanoseconds = await mainThreadNanoseconds((works[index] as Work).run)
      if (round >= warmUpRounds) times[index]?.push(nanoseconds)
    }
  }
  const tables = db.getProperty('leveldb.sstables').match(/^ \d+:/gm)?.length ?? 0
  yield {
    name: `classic-level, ${Math.round(engineBytes / 2 ** 20)} MB in ${tables} tables, ${clockName}`,
    per: 'collection',
    rounds,
    cases: works.map((work, index) => createResult(work, times[index] ?? [])),
    ratios: [],
  }
}

/** Returns a function that collects in the same way as the monitor. */
function createCollection(db: object): () => Promise<unknown> {
  const registry = new MetricsRegistry()
  instrument(db, { name: 'large', registry })
  const reader = new SnapshotReader()
  new MeterProvider({ readers: [reader] })
  reader.follow(registry)
  return () => reader.take()
}

function createResult({ name, goalNanoseconds }: Work, times: readonly number[]): CaseResult {
  const p95Nanoseconds = quantile(times, 0.95)
  const goal = goalNanoseconds && { is: 'at most' as const, value: goalNanoseconds, met: p95Nanoseconds <= goalNanoseconds }
  return { name, nanoseconds: computeSpread(times), p95Nanoseconds, ...(goal && { goal }) }
}
