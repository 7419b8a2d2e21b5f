// Random operations on an LMDB and on a measured one. With more of them, by hand:
// WOMBAT_FUZZ_STEPS=20000 WOMBAT_FUZZ_SEEDS="1 2 3" npx vitest run packages/instrumentation/test/lmdb/differential
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Differences } from '@wombat/test-support/differential'
import { nodeFlags } from '@wombat/test-support/type-stripping'
import { expect, test } from 'vitest'

const steps = process.env['WOMBAT_FUZZ_STEPS'] ?? '600'
const seeds = (process.env['WOMBAT_FUZZ_SEEDS'] ?? '1 3').split(' ')

const variants = ['lmdb', 'lmdb2'].flatMap((name) =>
  ['import', 'require'].flatMap((build) => seeds.map((seed) => [name, build, seed] as const)),
)

test.each(variants)(
  '%s (%s), measured, does what it does unmeasured, and every operation is counted (seed %s)',
  async (...variant) => {
    const program = [...nodeFlags, '--conditions=source', join(import.meta.dirname, 'differential.ts')]
    const { stdout } = await promisify(execFile)(process.execPath, [...program, ...variant, steps], { timeout: 590_000 })
    const result: Differences = JSON.parse(stdout)
    if (process.env['WOMBAT_FUZZ_STEPS'] !== undefined)
      process.stdout.write(`${variant.join(' ')}: ${result.steps} steps, ${result.operations} operations\n`)
    expect(result.differences).toEqual([])
    expect(result.operations).toBeGreaterThan(Number(steps) / 2)
  },
  600_000,
)
