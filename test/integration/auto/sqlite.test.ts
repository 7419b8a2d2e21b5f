import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { otlpValue } from '@wombat/test-support/otlp-json'
import { startOtlpReceiver } from '@wombat/test-support/otlp-receiver'
import { afterAll, expect, test } from 'vitest'
import { runApplication } from './application.ts'

const folder = mkdtempSync(join(tmpdir(), 'auto-sqlite-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
// What is published: Vitest would resolve the name to TypeScript.
const register = new URL('../../../packages/monitor/dist/bundle/register.js', import.meta.url).href
/** From there, Node finds better-sqlite3. */
const packageFolder = join(import.meta.dirname, '../../../packages/instrumentation')

const useNode = (file: string) => `
  const database = new DatabaseSync(${JSON.stringify(join(folder, file))})
  database.exec('CREATE TABLE t (k)')
  database.prepare('INSERT INTO t VALUES (?)').run(1)
  database.prepare('INSERT INTO t VALUES (?)').run(2)
  setTimeout(() => {}, 200)`
const useBetter = (file: string) => `
  const database = new Database(${JSON.stringify(join(folder, file))}, { verbose: (sql) => { if (/PRAGMA|page_count/.test(sql)) throw new Error(sql) } })
  database.exec('CREATE TABLE t (k)')
  const add = database.transaction((k) => database.prepare('INSERT INTO t VALUES (?)').run(k))
  add(1)
  add(2)
  setTimeout(() => {}, 200)`

test.each([
  ['node:sqlite', 'require', 'commonjs', `const { DatabaseSync } = require('node:sqlite'); ${useNode('a.db')}`],
  ['node:sqlite', 'import', 'module', `import { DatabaseSync } from 'node:sqlite'; ${useNode('b.db')}`],
  ['better-sqlite3', 'require', 'commonjs', `const Database = require('better-sqlite3'); ${useBetter('c.db')}`],
  ['better-sqlite3', 'import', 'module', `import Database from 'better-sqlite3'; ${useBetter('d.db')}`],
])('%s is found by %s, and its own history is not', async (module, how, type, code) => {
  const receiver = await startOtlpReceiver()
  const environment = {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    WOMBAT_LOG_LEVEL: 'warn',
    WOMBAT_HISTORY_PATH: join(folder, `history-${module.replace(':', '-')}-${how}.db`),
  }
  const args = ['--no-warnings', '--import', register, `--input-type=${type}`, '--eval', code]
  const { ended, errors } = await runApplication(args, environment, packageFolder)
  expect({ ended, errors }).toEqual({ ended: 0, errors: '' })
  const body = receiver.received.at(-1)?.body as Buffer
  expect(otlpValue(body, 'db_set_operations_total', { store: 'sqlite' })).toBe(2)
  // The history file is set up by PRAGMA.
  expect(body.toString()).not.toMatch(/"pragma"/)
})

test('the preload does not load node:sqlite, which prints a warning on Node 22', () => {
  const script = "process.exit(process.moduleLoadList.some((name) => name.includes('sqlite')) ? 1 : 0)"
  execFileSync(process.execPath, ['--import', register, '--eval', script], { cwd: packageFolder })
})
