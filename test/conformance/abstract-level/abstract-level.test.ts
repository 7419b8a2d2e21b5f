import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

interface Result {
  readonly passed: number
  readonly failed: number
  /** The number of measured operations. */
  readonly measured: number
}

type Mode = 'plain' | 'instrumented' | 'instrumented by sublevel'

const runner = join(import.meta.dirname, 'run-suite.mjs')

/** The least number of assertions of each kind of store that pass, and of its operations that are measured. */
const kinds: ReadonlyArray<[kind: string, passed: number, measured: number]> = [
  ['memory-level', 5000, 5000],
  ['classic-level', 5000, 5000],
  ['sublevel', 5000, 5000],
  ['memory-level 1', 5400, 4000],
  ['classic-level 1', 5400, 4000],
  ['level 8', 5400, 4000],
  ['sublevel 1', 5400, 1000],
  ['leveldown', 1200, 380],
  ['memdown', 1200, 380],
  ['encoding-down', 1200, 380],
  ['levelup', 1200, 380],
  ['levelup on leveldown', 1200, 380],
]

/** Runs the suite in a process of its own. @throws Error with the first failures. */
async function runSuite(kind: string, mode: Mode): Promise<Result> {
  const options = { maxBuffer: 2 ** 26 }
  const stdout = await promisify(execFile)(process.execPath, [runner, kind, mode], options).then(
    (ended) => ended.stdout,
    (error: Error & { stdout?: string; stderr?: string }) => {
      throw new Error(`${kind}, ${mode}:\n${findFailures(error.stdout ?? '')}\n${error.stderr ?? ''}`)
    },
  )
  const number = (pattern: RegExp): number => Number(pattern.exec(stdout)?.[1] ?? 0)
  return { passed: number(/^# pass +(\d+)$/m), failed: number(/^# fail +(\d+)$/m), measured: number(/^# measured (\d+)$/m) }
}

function findFailures(tap: string): string {
  return (tap.match(/^not ok .*(?:\n {2}.*)*/gm) ?? [tap.slice(-2000)]).slice(0, 5).join('\n')
}

for (const [kind, passed, measured] of kinds) {
  test(`the test suite of abstract-level or abstract-leveldown passes on ${kind} with and without instrumentation`, async () => {
    const [plain, instrumented] = await Promise.all([runSuite(kind, 'plain'), runSuite(kind, 'instrumented')])
    expect(plain.passed).toBeGreaterThan(passed)
    expect(instrumented).toMatchObject({ passed: plain.passed, failed: 0 })
    expect([plain.failed, plain.measured]).toEqual([0, 0])
    expect(instrumented.measured).toBeGreaterThan(measured)
  }, 300_000)
}

for (const kind of ['memory-level', 'memory-level 1', 'levelup']) {
  test(`the test suite passes on ${kind} with instrumentation by sublevel`, async () => {
    const { failed, measured } = await runSuite(kind, 'instrumented by sublevel')
    expect(failed).toBe(0)
    expect(measured).toBeGreaterThan(380)
  }, 300_000)
}
