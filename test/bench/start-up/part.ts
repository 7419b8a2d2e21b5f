import { spawnSync } from 'node:child_process'
import type { CaseResult, ComparisonResult, Effort, Goal } from '../comparison.ts'
import { computeOrder } from '../rounds.ts'
import { computeSpread } from '../spread.ts'

/** What Node imports before a program that does nothing, and how much that may add. */
interface Start {
  readonly name: string
  readonly specifier?: string
  readonly goal?: { readonly milliseconds: number; readonly mebibytes: number }
}

/** What one process took. */
interface Cost {
  readonly nanoseconds: number
  readonly bytes: number
}

const starts: readonly Start[] = [
  { name: 'bare' },
  { name: '@opentelemetry/api' },
  { name: '@wombat/instrumentation', goal: { milliseconds: 30, mebibytes: 8 } },
  { name: '@wombat/instrumentation/auto' },
  { name: '@wombat/monitor' },
  { name: '@wombat/monitor/register', goal: { milliseconds: 120, mebibytes: 25 } },
  { name: 'prom-client' },
  { name: '@prometheus-io/client' },
  { name: 'OpenTelemetry NodeSDK', specifier: new URL('node-sdk.js', import.meta.url).href },
]

const mebibyte = 2 ** 20

/**
 * Starts fresh processes in turn, and measures how much longer each takes, and how much more memory it has at its end, than a bare one of
 * the same round.
 */
export async function* startUp({ quick }: Effort): AsyncGenerator<ComparisonResult> {
  const rounds = quick ? 1 : 18
  const costs = starts.map((): Cost[] => [])
  for (let round = 0; round < rounds; round++) {
    for (const index of computeOrder(round, starts.length)) costs[index]?.push(measureStart(starts[index] as Start))
  }
  const [bare = []] = costs
  yield {
    name: 'a process that does nothing: what an import adds to its start',
    per: 'process',
    rounds,
    cases: starts.map((start, index) => toResult(start, costs[index] ?? [], index === 0 ? [] : bare)),
    ratios: [ratio('@wombat/monitor/register', 'OpenTelemetry NodeSDK'), ratio('@wombat/instrumentation', '@opentelemetry/api')],
  }

  function ratio(of: string, to: string) {
    const [ofCosts = [], toCosts = []] = [of, to].map((name) => costs[starts.findIndex((start) => start.name === name)])
    const perRound = ofCosts.map(({ nanoseconds }, round) => nanoseconds / (toCosts[round]?.nanoseconds ?? Number.NaN))
    return { of, to, ...computeSpread(perRound) }
  }
}

/** Runs one process: with the defaults, but no line of the log. */
function measureStart({ name, specifier = name }: Start): Cost {
  const args = name === 'bare' ? [] : ['--import', specifier]
  const env = Object.fromEntries(Object.entries(process.env).filter(([variable]) => !/^(OTEL|WOMBAT|NODE)_/.test(variable)))
  const startMs = performance.now()
  const { status, stdout, stderr } = spawnSync(process.execPath, [...args, '--eval', 'console.log(process.memoryUsage.rss())'], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
    env: { ...env, WOMBAT_LOG_LEVEL: 'warn' },
  })
  const nanoseconds = (performance.now() - startMs) * 1e6
  if (status !== 0) throw new Error(`a process with ${specifier} failed: ${stderr}`)
  return { nanoseconds, bytes: Number(stdout) }
}

/** Returns what a start adds to a bare one; if none is given, what it takes. */
function toResult({ name, goal }: Start, costs: readonly Cost[], bare: readonly Cost[]): CaseResult {
  const added = (read: (cost: Cost) => number): number[] =>
    costs.map((cost, round) => read(cost) - (bare[round] === undefined ? 0 : read(bare[round])))
  const nanoseconds = computeSpread(added((cost) => cost.nanoseconds))
  const bytes = computeSpread(added((cost) => cost.bytes))
  if (goal === undefined) return { name, nanoseconds, bytes }
  return {
    name,
    nanoseconds,
    bytes,
    goal: atMost(goal.milliseconds * 1e6, nanoseconds.median),
    bytesGoal: atMost(goal.mebibytes * mebibyte, bytes.median),
  }
}

function atMost(value: number, median: number): Goal & { readonly met: boolean } {
  return { is: 'at most', value, met: median <= value }
}
