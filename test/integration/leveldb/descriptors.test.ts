import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { nodeFlags } from '@wombat/test-support/type-stripping'
import { expect, test } from 'vitest'

test.runIf(process.platform !== 'win32')(
  'what a log says of the time before is not counted if no file descriptor was left at first, and the failure is said',
  async () => {
    const script = join(import.meta.dirname, 'descriptors-process.ts')
    const command = `ulimit -n 256; exec "${process.execPath}" ${nodeFlags.join(' ')} --disable-warning=ExperimentalWarning "${script}"`
    const { stdout } = await promisify(execFile)('bash', ['-c', command], { timeout: 25_000 })
    const { held, flushes, failures, warnings } = JSON.parse(stdout)
    expect(held).toBeGreaterThan(50)
    expect(flushes[0]).toBe(0)
    expect(flushes[1]).toBeGreaterThan(0)
    expect(failures).toBeGreaterThanOrEqual(1)
    expect(warnings).toEqual([
      'the log of store "orders" cannot be read and is absent, further failures are only counted: EMFILE',
    ])
  },
)
