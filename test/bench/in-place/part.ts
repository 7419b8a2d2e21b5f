import { type ChildProcess, fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { Agent, get } from 'node:http'
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
  { way: 'observed', name: 'the promise observed, nothing else' },
  { way: 'floor', name: 'the promise observed, two clock readings' },
  { way: 'ours', name: 'ours, every one timed', goal: { is: 'at most', value: 1.08 } },
  { way: 'one in 64', name: 'ours, one in 64 timed' },
  { way: 'budget', name: 'ours, overheadBudget 0.02', goal: { is: 'at most', value: 1.02 } },
  { way: 'prom-client', name: 'prom-client by hand' },
  { way: '@prometheus-io/client', name: '@prometheus-io/client by hand' },
  { way: 'OpenTelemetry', name: 'OpenTelemetry by hand, one reader' },
]

const services: ReadonlyArray<readonly [way: string, name: string]> = [
  ['bare', bare],
  ['control', 'bare again (control)'],
  ['instrument', 'instrument() alone'],
  ['monitoring', 'startMonitoring() with its defaults'],
  ['budget', 'startMonitoring() with overheadBudget 0.02'],
  ['prom-client', 'prom-client by hand'],
  ['@prometheus-io/client', '@prometheus-io/client by hand'],
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
  // One at a time takes ten times as long.
  const [passes, perPass] = quick ? [2, 50] : [50, concurrency === 1 ? 400 : 4000]
  const args = [program, way, isSwapped ? '1' : '0', String(concurrency), String(passes), String(perPass)]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`the measurement of ${way} failed: ${stderr}`)
  return JSON.parse(stdout)
}

/** Compares the CPU time of a request to an HTTP service that does one get for each, in fresh processes. */
export async function* service({ quick }: Effort): AsyncGenerator<ComparisonResult> {
  const rounds = quick ? 1 : 12
  const times = services.map((): number[] => [])
  for (let round = 0; round < rounds; round++) {
    for (const index of computeOrder(round, services.length)) {
      times[index]?.push(await measureService(services[index]?.[0] ?? '', quick ? 100 : 10_000))
    }
  }
  const [bareTimes = []] = times
  yield {
    name: 'CPU time of a request to an HTTP service with one get of classic-level, 16 at once',
    per: 'request',
    rounds,
    cases: services.map(([, name], index) => ({
      name,
      nanoseconds: computeSpread((times[index] ?? []).map((one) => one * 1000)),
    })),
    ratios: services.slice(1).map(([, name], index) => ({
      of: name,
      to: bare,
      ...computeSpread((times[index + 1] ?? []).map((one, round) => one / (bareTimes[round] ?? Number.NaN))),
    })),
  }
}

/** Returns the CPU time of a request in microseconds. */
async function measureService(way: string, requests: number): Promise<number> {
  const service = fork(fileURLToPath(new URL('service.js', import.meta.url)), [way], { execArgv: [] })
  const [{ port }] = (await once(service, 'message')) as [{ readonly port: number }]
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  const load = async (count: number): Promise<void> => {
    let left = count
    const worker = async (): Promise<void> => {
      while (left-- > 0) await request(port, agent)
    }
    await Promise.all(Array.from({ length: 16 }, worker))
  }
  try {
    await load(requests / 2)
    const before = await readCpu(service)
    await load(requests)
    return ((await readCpu(service)) - before) / requests
  } finally {
    agent.destroy()
    service.send('end')
    await once(service, 'exit')
  }
}

function request(port: number, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, agent }, (response) => response.resume().on('end', resolve)).on('error', reject)
  })
}

async function readCpu(service: ChildProcess): Promise<number> {
  service.send('cpu')
  const [{ microseconds }] = (await once(service, 'message')) as [{ readonly microseconds: number }]
  return microseconds
}
