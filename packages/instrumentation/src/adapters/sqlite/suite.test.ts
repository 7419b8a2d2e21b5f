import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, test } from 'vitest'
import { type Action, storeSuite, type TestData } from '../../testing/index.ts'

interface Statement {
  get(...values: unknown[]): unknown
  all(...values: unknown[]): unknown[]
  run(...values: unknown[]): unknown
  iterate(...values: unknown[]): Iterable<unknown>
}

interface Database {
  exec(sql: string): unknown
  prepare(sql: string): Statement
  close(): unknown
}

interface BetterDatabase extends Database {
  readonly open: boolean
  transaction(body: (...args: never[]) => unknown): (...args: unknown[]) => unknown
}

const BetterSqlite: new (path: string) => BetterDatabase = createRequire(import.meta.url)('better-sqlite3')
const folder = mkdtempSync(join(tmpdir(), 'sqlite-suite-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let files = 0

const firstKey = ({ entries }: TestData): string => entries[0]?.[0] ?? ''
const insert = 'INSERT INTO entries (key, value) VALUES (?, ?)'

function create<Kind extends Database>(open: (path: string) => Kind, { entries, poisonedKey, error }: TestData): Kind {
  const database = open(join(folder, `${files++}.db`))
  database.exec('CREATE TABLE entries (key TEXT PRIMARY KEY, value TEXT NOT NULL)')
  const poison = `'${poisonedKey}' BEGIN SELECT RAISE(ABORT, '${error.message}'); END`
  database.exec(`CREATE TRIGGER poison BEFORE INSERT ON entries WHEN NEW.key = ${poison}`)
  for (const entry of entries) database.prepare(insert).run(...entry)
  return database
}

/** The order matters: keys are read before they are removed. */
const actions: ReadonlyArray<Action<Database>> = [
  {
    does: 'get of a SELECT',
    operation: 'get',
    run: (database, data) => database.prepare('SELECT value FROM entries WHERE key = ?').get(firstKey(data)),
    fail: (database) => database.prepare('SELECT json(value) FROM entries').get(),
  },
  { does: 'all of a SELECT', operation: 'scan', entries: 3, run: (database) => database.prepare('SELECT * FROM entries').all() },
  {
    does: 'iterate of a SELECT',
    operation: 'scan',
    entries: 3,
    run: (database) => [...database.prepare('SELECT key FROM entries').iterate()],
    fail: (database) => [...database.prepare('SELECT json(value) FROM entries').iterate()],
  },
  {
    does: 'run of an INSERT',
    operation: 'set',
    run: (database, { newKey, newValue }) => database.prepare(insert).run(newKey, newValue),
    fail: (database, { poisonedKey }) => database.prepare(insert).run(poisonedKey, 'x'),
  },
  {
    does: 'exec of an UPDATE',
    operation: 'set',
    run: (database, { newKey, newValue }) => {
      database.exec(`UPDATE entries SET value = '${newValue}!' WHERE key = '${newKey}'`)
    },
    fail: (database) => database.exec('UPDATE entries SET value = NULL'),
  },
  {
    does: 'all of an INSERT with RETURNING',
    operation: 'set',
    run: (database, { newKey, newValue }) => database.prepare(`${insert} RETURNING key`).all(`${newKey}-2`, newValue),
  },
  {
    does: 'run of a DELETE',
    operation: 'delete',
    run: (database, { newKey }) => database.prepare('DELETE FROM entries WHERE key = ?').run(newKey),
    fail: (database) => database.prepare('DELETE FROM entries WHERE json(value)').run(),
  },
  {
    does: 'exec of a script',
    operation: 'batch',
    entries: 2,
    run: (database, { newKey }) => {
      database.exec(`BEGIN; ${insert.replace('?, ?', `'${newKey}', '1'`)}; DELETE FROM entries WHERE key = '${newKey}'; COMMIT`)
    },
    fail: (database) => database.exec('DELETE FROM entries WHERE key = 0; UPDATE entries SET value = NULL'),
  },
]

storeSuite<Database>({
  kind: 'node:sqlite',
  test,
  create: (data) => create((path) => new DatabaseSync(path) as unknown as Database, data),
  close: (database) => (database as unknown as DatabaseSync).isOpen && database.close(),
  actions,
})

storeSuite<BetterDatabase>({
  kind: 'better-sqlite3',
  test,
  create: (data) => create((path) => new BetterSqlite(path), data),
  close: (database) => database.open && database.close(),
  actions: [
    ...actions,
    {
      does: 'a transaction() without statements that write',
      operation: 'batch',
      run: (database) => database.transaction((value: never) => value)('result'),
      fail: (database, { error }) =>
        database.transaction(() => {
          throw error
        })(),
    },
  ],
})
