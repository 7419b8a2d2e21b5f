// Random operations on an LMDB and on a measured one, in a process of their own: a fault of a native call ends it.
//
// node --conditions=source differential.ts <lmdb or lmdb2> <import or require> <seed> <steps> prints the differences as JSON.
// With WOMBAT_FUZZ_CONTROL=1, neither store is measured.
// With WOMBAT_FUZZ_TRACE=1, each step is written to stderr before it runs: the last one is where the process ended.
import { mkdtempSync, rmSync, writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { instrument } from '@wombat/instrumentation'
import { compareWithBare } from '@wombat/test-support/differential'
import type * as Lmdb from 'lmdb'
import { LmdbSteps, type LmdbVariant } from './lmdb-steps.ts'

const [packageName = 'lmdb', build = 'import', seedText = '1', stepsText = '1000'] = process.argv.slice(2)
const [seed, steps] = [Number(seedText), Number(stepsText)]
const lmdb: typeof Lmdb = build === 'import' ? await import(packageName) : createRequire(import.meta.url)(packageName)

const folder = mkdtempSync(join(tmpdir(), 'lmdb-differential-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const unexpected: string[] = []
process.on('unhandledRejection', (error) => unexpected.push(`unhandled rejection: ${String(error)}`))
process.on('uncaughtException', (error) => unexpected.push(`uncaught: ${error.stack}`))
// A probe that waits for a transaction does not keep the process alive.
setInterval(() => {}, 1000)
// lmdb warns of transactions that cannot be aborted.
console.warn = () => {}

const encodings = ['msgpack', 'json', 'string', 'binary', 'ordered-binary'] as const
const encoding = encodings[seed % encodings.length] ?? 'msgpack'
const options: Lmdb.RootDatabaseOptions = {
  pageSize: 4096,
  noSync: seed % 2 === 0,
  useVersions: seed % 3 === 1,
  // What a cache returns for a Buffer depends on the garbage collection.
  cache: seed % 4 === 3 && (encoding === 'msgpack' || encoding === 'json'),
  compression: seed % 7 === 5,
  encoding,
}
/** Whether neither store is measured, to see how lmdb itself behaves. */
const isControl = process.env['WOMBAT_FUZZ_CONTROL'] === '1'
const variant: LmdbVariant = {
  lmdb,
  encoding,
  options,
  isControl,
  open(path, registry) {
    const root = lmdb.open<unknown, string>({ ...options, path })
    return registry === undefined ? root : instrument(root, { name: 'measured', registry })
  },
}
const subject = new LmdbSteps(variant)
const isTracing = process.env['WOMBAT_FUZZ_TRACE'] === '1'
let opened = 0
const result = await compareWithBare(
  {
    open: async (registry) => subject.open(join(folder, String(opened++)), registry),
    next(choices) {
      const group = subject.next(choices)
      if (isTracing) writeSync(2, `${group.map(({ name }) => name).join(' + ')}\n`)
      return group
    },
    finish: (state) => subject.finish(state),
  },
  { seed, steps },
)
process.stdout.write(JSON.stringify({ ...result, differences: [...result.differences, ...unexpected] }))
process.exit()
