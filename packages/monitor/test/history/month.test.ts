import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { nodeFlags } from '@wombat/test-support/type-stripping'
import { expect, test } from 'vitest'

// By hand for a month of 10, 100 and 1000 stores.
test.each([
  [10, 60, 2],
  [40, 300, 3],
  [150, 900, 3],
])(
  '%d stores, a sample every %d s, %d days: within the limit, counted right, and every new store is visible',
  async (...args) => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...nodeFlags,
      '--expose-gc',
      // Otherwise V8 frees code of Node's TypeScript support, 4.6 MiB, at some time: the measured memory is less by that.
      '--no-flush-bytecode',
      join(import.meta.dirname, 'month.ts'),
      ...args.map(String),
    ])
    const { maxMiB, largestMiB, countedMiB, measuredMiB, invisibleStores } = JSON.parse(stdout)
    expect(invisibleStores).toEqual([])
    expect(largestMiB).toBeLessThanOrEqual(maxMiB * 1.1)
    expect(Math.abs(countedMiB / measuredMiB - 1)).toBeLessThan(0.1)
  },
  120_000,
)
