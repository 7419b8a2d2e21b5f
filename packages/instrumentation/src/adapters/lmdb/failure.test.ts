import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { nodeFlags } from '@wombat/test-support/type-stripping'
import { afterAll, describe, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'lmdb-failure-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const module = (name: string): string => JSON.stringify(new URL(`../../${name}`, import.meta.url).href)

/** A process with files limited to 200 kB: every commit but the first fails, as on a full disk. */
const program = `
import { open } from 'lmdb'
import { instrument } from ${module('instrument.ts')}
import { MetricsRegistry } from ${module('registry/registry.ts')}
console.error = () => {}
const nextTurn = () => new Promise((resolve) => setImmediate(resolve))
const unhandled = []
process.on('unhandledRejection', ({ message }) => unhandled.push(message))
const registry = new MetricsRegistry()
const db = open(process.argv[2])
if (process.argv[1] === 'measured') instrument(db, { name: 'orders', registry })

const rejected = []
await db.put('small', 1)
db.put('first', 'x'.repeat(3e5))
await db.put('second', 'x').catch(({ message }) => rejected.push(message))
db.put('third', 'x'.repeat(3e5))
// lmdb leaves five rejections unhandled: its commits, and the causes. The extra turns show further ones.
while (unhandled.length < 5) await nextTurn()
for (let turn = 0; turn < 10; turn++) await nextTurn()
try {
  db.putSync('fourth', 'x'.repeat(3e5))
} catch ({ message, code }) {
  rejected.push(message, code)
}
const errors = registry.getAllMetrics().filter(({ name }) => name === 'db_errors_total').map(({ labels, value }) => [labels.error_type, value])
const sets = registry.getAllMetrics().find(({ name }) => name === 'db_set_operations_total')?.value
console.log(JSON.stringify({ rejected, unhandled: unhandled.sort(), errors, sets }))
`

/** Runs a program with its arguments, and the path of a database as the last one. */
async function run(code: string, ...args: readonly string[]): Promise<Record<string, unknown>> {
  const inside = ['-c', 'trap "" XFSZ; ulimit -f 200; exec "$@"', 'bash']
  const node = [process.execPath, ...nodeFlags, '--no-warnings', '--input-type=module', '--eval', code, ...args]
  const { stdout } = await promisify(execFile)('bash', [...inside, ...node, mkdtempSync(join(folder, 'db-'))], {
    cwd: import.meta.dirname,
  })
  return JSON.parse(stdout)
}

test.skipIf(process.platform === 'win32')('failed commits are errors, and reject the same promises as unmeasured', async () => {
  const [plain, got] = await Promise.all([run(program, 'plain'), run(program, 'measured')])
  expect(plain['rejected']).toEqual(['Commit failed (see commitError for details)', 'Input/output error', 5])
  // The program awaits neither the third write nor lmdb's own promise with the cause.
  expect(plain['unhandled']).toContain('Commit failed (see commitError for details)')
  expect({ ...got, errors: [], sets: undefined }).toEqual({ ...plain, sets: undefined })
  expect(got['errors']).toEqual([
    ['_OTHER', 3],
    ['EIO', 1],
  ])
  expect(got['sets']).toBe(5)
})

/**
 * The probe of a health check. Alone, it runs in a process without a listener for `unhandledRejection`. With a write of the application,
 * lmdb leaves two rejections unhandled, and which of them ends the process first is a matter of time: the process collects them, and
 * ends with all.
 */
const probing = `
import { createRequire } from 'node:module'
import { instrument } from ${module('instrument.ts')}
import { MetricsRegistry } from ${module('registry/registry.ts')}
console.error = () => {}
const [, how, packageName, path] = process.argv
const { open } = createRequire(${JSON.stringify(import.meta.url)})(packageName)
const registry = new MetricsRegistry()
const db = instrument(open(path), { name: 'orders', registry })
await db.put('small', 1)
const rejected = []
const note = ({ message }) => rejected.push(message)
const unhandled = []
if (how !== 'alone') process.on('unhandledRejection', ({ message }) => unhandled.push(message))
const writes = []
const probe = registry.stores.list()[0].probe()
if (how === 'with a put') writes.push(db.put('a', 1).catch(note))
if (how === 'with a transaction') writes.push(db.transaction(() => db.put('a', 1)).catch(note))
writes.push(probe.write('probe key', 'x'.repeat(3e5)).catch(note))
await Promise.all(writes)
for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve))
for (let turn = 0; how !== 'alone' && unhandled.length < 2 && turn < 200; turn++) await new Promise((resolve) => setTimeout(resolve, 10))
if (unhandled.length > 0) throw new Error('unhandled: ' + unhandled.join('; '))
await probe.write('probe key', 'x').catch(note)
console.log(JSON.stringify({ rejected, value: await probe.read('probe key') }))
process.exit()
`

const failed = 'Commit failed (see commitError for details)'

describe.skipIf(process.platform === 'win32').each(['lmdb', 'lmdb2'])('a failed commit of the probe with %s', (packageName) => {
  test('rejects, and does not end the process', async () => {
    expect(await run(probing, 'alone', packageName)).toEqual({ rejected: [failed], value: 'x' })
  })

  test.each(['with a put', 'with a transaction'])('%s of the application ends the process as without the probe', async (how) => {
    // lmdb rejects a promise that nothing handles, although the application handles the rejection of its write.
    await expect(run(probing, how, packageName)).rejects.toThrow(/EIO|Input\/output error/)
  })
})
