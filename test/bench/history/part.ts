import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { DurableHistory, type Logger, TimeSeries } from '@wombat/monitor'
import type { CaseResult, ComparisonResult, Effort } from '../comparison.ts'
import { randomNumbers } from '../random.ts'
import { computeSpread, quantile } from '../spread.ts'
import { realisticSamples } from './realistic-samples.ts'

const intervalMs = 10_000
const dayMs = 86_400_000
const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {} }

/** Measures a day of history in memory and in a file: the time per sample, the bytes in the file, and the time per query. */
export async function* history({ rounds, warmUpRounds }: Effort): AsyncGenerator<ComparisonResult> {
  const folder = await mkdtemp(join(tmpdir(), 'wombat-bench-history-'))
  try {
    const path = join(folder, 'history.db')
    const durable = await DurableHistory.open({ path, logger: quiet, retentionMs: 15 * dayMs, maxBytes: 256 * 2 ** 20 })
    const memory = new TimeSeries({ intervalMs })
    const source = realisticSamples(randomNumbers(7))
    const beginMs = Date.UTC(2026, 0, 1)
    // In a smoke test a day would take too long.
    const sampleCount = rounds < 24 ? 400 : dayMs / intervalMs
    const appendTimesNs: number[] = []
    for (let index = 1; index <= sampleCount; index++) {
      const samples = source.next()
      const startNs = process.hrtime.bigint()
      memory.append(beginMs + index * intervalMs, samples)
      durable.append(beginMs + index * intervalMs, samples)
      appendTimesNs.push(Number(process.hrtime.bigint() - startNs))
      await turn()
    }
    const endMs = beginMs + sampleCount * intervalMs
    const queryTimesNs: number[] = []
    for (let round = 0; round < warmUpRounds + rounds; round++) {
      const startNs = process.hrtime.bigint()
      for (const series of memory.select('took_seconds_bucket')) memory.range(series, endMs - dayMs, endMs)
      if (round >= warmUpRounds) queryTimesNs.push(Number(process.hrtime.bigint() - startNs))
    }
    durable.close()
    const { size } = await stat(path)
    const perSample = size / (sampleCount * source.count)
    yield {
      name: `${source.count} series every 10 s, ${sampleCount} times: ${perSample.toFixed(2)} bytes per sample in the file (goal: at most 2)`,
      per: 'sample or query',
      rounds,
      cases: [
        createCaseResult('one sample of all series, in memory and in the file', appendTimesNs, 1e6),
        createCaseResult('the samples for every P99 over 24 h', queryTimesNs, 50e6),
      ],
      ratios: [],
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Returns the result of one case, with a goal for its median. */
function createCaseResult(name: string, times: readonly number[], goalNanoseconds: number): CaseResult {
  const nanoseconds = computeSpread(times)
  const goal = { is: 'at most' as const, value: goalNanoseconds, met: nanoseconds.median <= goalNanoseconds }
  return { name, nanoseconds, p95Nanoseconds: quantile(times, 0.95), goal }
}
