import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { ComparisonResult, Effort, Goal } from '../comparison.ts'
import { computeOrder } from '../rounds.ts'
import { computeSpread } from '../spread.ts'

interface Way {
  /** The argument of the program. */
  readonly way: string
  readonly name: string
  readonly goal?: Goal
}

const bare = 'bare'
const ways: readonly Way[] = [
  { way: 'control', name: 'bare again (control)' },
  { way: 'clock', name: 'two clock readings' },
  { way: 'ours', name: 'ours, every one timed', goal: { is: 'at most', value: 1.08 } },
  { way: 'one in 64', name: 'ours, one in 64 timed' },
  { way: 'budget', name: 'ours, overheadBudget 0.02' },
  { way: 'prom-client', name: 'prom-client by hand' },
  { way: 'OpenTelemetry', name: 'OpenTelemetry by hand, one reader' },
]

/** What a process prints. */
interface Cost {
  readonly microseconds: number
  readonly ratio: number
}

/**
 * Compares the CPU time of gets of classic-level that run at once, in fresh processes: in a loop of nothing else, the clock and the cells are in
 * the caches, which flatters every way of measuring.
 */
export async function* inPlace({ quick }: Effort): AsyncGenerator<ComparisonResult> {
  for (const concurrency of [1, 16, 64]) {
    const rounds = quick ? 1 : 6
    const costs = new Map(ways.map(({ way }) => [way, [] as Cost[]]))
    for (let round = 0; round < rounds; round++) {
      for (const index of computeOrder(round, ways.length)) {
        const { way } = ways[index] as Way
        costs.get(way)?.push(runProgram(way, round % 2 === 1, concurrency, quick))
      }
    }
    const all = (way: string, read: (cost: Cost) => number) => (costs.get(way) ?? []).map(read)
    yield {
      name: `CPU time of a get of classic-level, ${concurrency} at once`,
      per: 'get',
      rounds,
      cases: [
        { name: bare, nanoseconds: computeSpread([...costs.values()].flat().map((cost) => cost.microseconds * 1000)) },
        ...ways.map(({ way, name }) => ({
          name,
          nanoseconds: computeSpread(all(way, ({ microseconds, ratio }) => microseconds * ratio * 1000)),
        })),
      ],
      ratios: ways.map(({ way, name, goal }) => {
        const spread = computeSpread(all(way, ({ ratio }) => ratio))
        return { of: name, to: bare, ...spread, ...(goal && { goal: { ...goal, met: spread.median <= goal.value } }) }
      }),
    }
  }
}

function runProgram(way: string, isSwapped: boolean, concurrency: number, quick: boolean): Cost {
  const program = fileURLToPath(new URL('program.js', import.meta.url))
  const [passes, perPass] = quick ? [2, 50] : [50, 4000]
  const args = [program, way, isSwapped ? '1' : '0', String(concurrency), String(passes), String(perPass)]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`the measurement of ${way} failed: ${stderr}`)
  return JSON.parse(stdout)
}
