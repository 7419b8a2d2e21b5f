import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'

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

async function run(how: 'measured' | 'plain'): Promise<Record<string, unknown>> {
  const inside = ['-c', 'trap "" XFSZ; ulimit -f 200; exec "$@"', 'bash']
  const node = [
    process.execPath,
    '--no-warnings',
    '--input-type=module',
    '--eval',
    program,
    how,
    mkdtempSync(join(folder, 'db-')),
  ]
  const { stdout } = await promisify(execFile)('bash', [...inside, ...node], { cwd: import.meta.dirname })
  return JSON.parse(stdout)
}

test.skipIf(process.platform === 'win32')('failed commits are errors, and reject the same promises as unmeasured', async () => {
  const [plain, got] = await Promise.all([run('plain'), run('measured')])
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
