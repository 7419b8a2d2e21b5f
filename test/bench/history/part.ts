import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { DurableHistory, type Logger, TimeSeries } from '@wombat/monitor'
import type { CaseResult, ComparisonResult, Effort } from '../comparison.ts'
import { randomNumbers } from '../random.ts'
import { quantile, spreadOf } from '../spread.ts'
import { realisticSamples } from './realistic-samples.ts'

const intervalMs = 10_000
const dayMs = 86_400_000
const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {} }

/** A day of history in memory and in a file: what a tick costs, how small it is folded, and how soon a question is answered. */
export async function* history({ rounds, warmUpRounds }: Effort): AsyncGenerator<ComparisonResult> {
  const folder = await mkdtemp(join(tmpdir(), 'wombat-bench-history-'))
  try {
    const path = join(folder, 'history.db')
    const durable = await DurableHistory.open({ path, logger: quiet, retentionMs: 15 * dayMs, maxBytes: 256 * 2 ** 20 })
    const memory = new TimeSeries({ intervalMs })
    const source = realisticSamples(randomNumbers(7))
    const beginMs = Date.UTC(2026, 0, 1)
    // A smoke run has fewer rounds than a day has hours to fold.
    const ticks = rounds < 24 ? 400 : dayMs / intervalMs
    const ticksNs: number[] = []
    for (let tick = 1; tick <= ticks; tick++) {
      const samples = source.next()
      const startNs = process.hrtime.bigint()
      memory.append(beginMs + tick * intervalMs, samples)
      durable.append(beginMs + tick * intervalMs, samples)
      ticksNs.push(Number(process.hrtime.bigint() - startNs))
      await turn()
    }
    const endMs = beginMs + ticks * intervalMs
    const questionsNs: number[] = []
    for (let round = 0; round < warmUpRounds + rounds; round++) {
      const startNs = process.hrtime.bigint()
      for (const series of memory.select('took_seconds_bucket')) memory.range(series, endMs - dayMs, endMs)
      if (round >= warmUpRounds) questionsNs.push(Number(process.hrtime.bigint() - startNs))
    }
    durable.close()
    const { size } = await stat(path)
    const perSample = size / (ticks * source.count)
    yield {
      name: `${source.count} series every 10 s, ${ticks} ticks: ${perSample.toFixed(2)} bytes a sample in the file (goal: at most 2)`,
      per: 'tick or question',
      rounds,
      cases: [
        caseOf('a tick, in memory and in the file', ticksNs, 1e6),
        caseOf('what all P99 over 24 h read', questionsNs, 50e6),
      ],
      ratios: [],
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The goal is for the median. */
function caseOf(name: string, times: readonly number[], goalNanoseconds: number): CaseResult {
  const nanoseconds = spreadOf(times)
  const goal = { is: 'at most' as const, value: goalNanoseconds, met: nanoseconds.median <= goalNanoseconds }
  return { name, nanoseconds, p95Nanoseconds: quantile(times, 0.95), goal }
}
