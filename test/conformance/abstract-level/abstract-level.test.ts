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

const runner = join(import.meta.dirname, 'run-suite.mjs')
const kinds = ['memory-level', 'classic-level', 'sublevel']

/** Runs the suite in a process of its own. @throws Error with the first failures. */
async function runSuite(kind: string, mode: 'plain' | 'instrumented'): Promise<Result> {
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

for (const kind of kinds) {
  test(`the test suite of abstract-level passes on ${kind} with and without instrumentation`, async () => {
    const [plain, instrumented] = await Promise.all([runSuite(kind, 'plain'), runSuite(kind, 'instrumented')])
    expect(plain.passed).toBeGreaterThan(5000)
    expect(instrumented).toMatchObject({ passed: plain.passed, failed: 0 })
    expect([plain.failed, plain.measured]).toEqual([0, 0])
    expect(instrumented.measured).toBeGreaterThan(5000)
  }, 300_000)
}
