import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { nodeFlags } from '@wombat/test-support/type-stripping'
import { expect, test } from 'vitest'

test('through jumps of the clock, failures of the log, outages of receivers and taken ports nothing that is owed is lost', async () => {
  // A new fault every three seconds; by hand for half an hour: node test/chaos/chaos.ts
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...nodeFlags, join(import.meta.dirname, 'chaos.ts'), '20', '3000'],
    {
      timeout: 110_000,
    },
  )
  const figures = JSON.parse(stdout)
  expect(figures).toMatchObject({ miscounted: 0, neverTold: [], neverResolved: [], owed: 0, failures: [] })
  expect(figures.alertsFired).toBeGreaterThan(2)
  expect(figures.operations).toBeGreaterThan(1000)
}, 120_000)
