import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { nodeFlags } from '@wombat/test-support/type-stripping'
import { expect, onTestFinished, test } from 'vitest'

/** See CONTRIBUTING.md. */
const names = Number(process.env['STORE_NAMES'] ?? 3000)

interface Memory {
  readonly heapUsed: number
  readonly arrayBuffers: number
  readonly metrics: number
}

test('thousands of stores that are opened and closed under other names need no more memory than a third of them', {
  timeout: 3_600_000,
}, async () => {
  const program = join(import.meta.dirname, 'store-churn.ts')
  const child = spawn(process.execPath, [...nodeFlags, '--expose-gc', '--conditions=source', program, String(names)])
  onTestFinished(() => void child.kill('SIGKILL'))
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  expect(errors).toBe('')
  const { early, late, forgotten } = JSON.parse(output) as { early: Memory; late: Memory; forgotten: number }
  if (process.env['STORE_NAMES'] !== undefined) process.stderr.write(`${output}\n`)
  expect(forgotten).toBe(names - 200)
  expect(late.metrics).toBeLessThan(1.05 * early.metrics)
  expect(late.heapUsed).toBeLessThan(1.2 * early.heapUsed)
  expect(late.arrayBuffers).toBeLessThan(1.2 * early.arrayBuffers)
})
