import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { type InstrumentOptions, instrument, uninstrument } from '../../instrument.ts'
import { MetricsRegistry } from '../../registry/registry.ts'
import { readMeasured } from '../../testing/index.ts'

interface Statement {
  get(...values: unknown[]): unknown
  all(...values: unknown[]): unknown[]
  run(...values: unknown[]): unknown
  iterate(...values: unknown[]): Iterator<unknown> & Iterable<unknown>
}

interface Database {
  exec(sql: string): unknown
  prepare(sql: string): Statement
  close(): unknown
}

type Transaction = ((...args: unknown[]) => unknown) & Record<'deferred' | 'immediate' | 'exclusive', () => unknown>

interface BetterDatabase extends Database {
  readonly inTransaction: boolean
  transaction(body: (...args: never[]) => unknown): Transaction
  pragma(source: string, options?: object): unknown
  explain?(sql: string): unknown
}

const BetterSqlite: new (path: string, options?: object) => BetterDatabase = createRequire(import.meta.url)('better-sqlite3')
const folder = mkdtempSync(join(tmpdir(), 'sqlite-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let files = 0

function measure<Kind extends Database>(open: (path: string) => Kind, options: Partial<InstrumentOptions> = {}) {
  const path = join(folder, `${files++}.db`)
  const registry = new MetricsRegistry()
  const warnings: string[] = []
  registry.warn = (message) => warnings.push(message)
  const database = open(path)
  database.exec('PRAGMA synchronous = OFF; CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT UNIQUE)')
  instrument(database, { name: 'orders', registry, ...options })
  onTestFinished(() => {
    uninstrument(database)
    try {
      database.close()
    } catch {
      // The test has closed it.
    }
  })
  const value = (name: string) => registry.getAllMetrics().find((metric) => metric.name === name)?.value
  /** Executions and errors by statement, and asserts that as many were timed. */
  const statements = (): Record<string, [number, number]> => {
    const all = registry.getAllMetrics()
    const find = (name: string, statement: string, verb: string) =>
      all.find(({ name: of, labels }) => of === name && labels['statement'] === statement && labels['verb'] === verb)?.value
    return Object.fromEntries(
      all.flatMap(({ name, labels, value: executions }) => {
        if (name !== 'db_statements_total') return []
        const { statement = '', verb = '' } = labels
        return [[`${verb}: ${statement}`, [executions as number, find('db_statement_errors_total', statement, verb) as number]]]
      }),
    )
  }
  const errorTypes = () =>
    registry
      .getAllMetrics()
      .flatMap(({ name, labels, value: count }) => (name === 'db_errors_total' ? [[labels['error_type'], count]] : []))
  return { database, registry, path, warnings, value, statements, errorTypes, operations: () => readMeasured(registry, 'orders') }
}

const libraries = {
  'node:sqlite': (path: string): Database => new DatabaseSync(path) as unknown as Database,
  'better-sqlite3': (path: string): Database => new BetterSqlite(path),
}

describe.each(Object.entries(libraries))('%s', (library, open) => {
  test('statements are counted and timed by verb and text, and are operations if they read or write tables', () => {
    const { database, statements, operations } = measure(open)
    const insert = database.prepare('INSERT INTO t VALUES (?, ?)')
    for (let k = 0; k < 10; k++) insert.run(k, `secret ${k}`)
    const select = database.prepare('select v from t where k = ?')
    for (let k = 0; k < 5; k++) select.get(k)
    select.get(99)
    database.prepare("SELECT v FROM t WHERE v LIKE 'secret%'").all()
    expect([...database.prepare('SELECT k FROM t').iterate()]).toHaveLength(10)
    database.exec("UPDATE t SET v = 'other secret' WHERE k = 1")
    database.exec('REPLACE INTO t VALUES (3, NULL)')
    database.prepare('DELETE FROM t WHERE k > ?').run(7)
    database.prepare('PRAGMA user_version').get()
    database.exec('CREATE INDEX i ON t(v)')
    expect(statements()).toEqual({
      'insert: INSERT INTO t VALUES (?)': [10, 0],
      'select: SELECT v FROM t WHERE k = ?': [6, 0],
      'select: SELECT v FROM t WHERE v LIKE ?': [1, 0],
      'select: SELECT k FROM t': [1, 0],
      'update: UPDATE t SET v = ? WHERE k = ?': [1, 0],
      'replace: REPLACE INTO t VALUES (?)': [1, 0],
      'delete: DELETE FROM t WHERE k > ?': [1, 0],
      'pragma: PRAGMA user_version': [1, 0],
      'create: CREATE INDEX i ON t(v)': [1, 0],
    })
    expect(operations()).toEqual({
      get: { operations: 6, errors: 0 },
      scan: { operations: 2, errors: 0, entries: 20 },
      set: { operations: 12, errors: 0 },
      delete: { operations: 1, errors: 0 },
      batch: { operations: 0, errors: 0, entries: 0 },
    })
  })

  test('transactions by SQL are counted when they end, with savepoints inside, and when an error ends them', () => {
    const { database, value } = measure(open)
    const counts = () => [value('db_transaction_commits_total'), value('db_transaction_aborts_total')]
    expect(counts()).toEqual([0, 0])
    database.exec('BEGIN')
    database.exec('SAVEPOINT a; INSERT INTO t VALUES (1, 1); ROLLBACK TO a; RELEASE a')
    expect(counts()).toEqual([0, 0])
    database.prepare('COMMIT').run()
    expect(counts()).toEqual([1, 0])
    database.exec('BEGIN; INSERT INTO t VALUES (1, 1); END')
    database.exec('BEGIN')
    database.exec('ROLLBACK')
    expect(counts()).toEqual([2, 1])
    // Before Node 22.16, node:sqlite does not report whether it is in a transaction.
    if (!('isTransaction' in database) && !('inTransaction' in database)) return
    database.exec('SAVEPOINT a')
    database.exec('RELEASE a')
    expect(counts()).toEqual([3, 1])
    database.exec('BEGIN')
    expect(() => database.exec('INSERT OR ROLLBACK INTO t VALUES (1, 1)')).toThrow('UNIQUE')
    expect(counts()).toEqual([3, 2])
    expect(() => database.exec('COMMIT')).toThrow('no transaction')
    expect(counts()).toEqual([3, 2])
  })

  test("errors have SQLite's names, and text that never worked gets no series", () => {
    const { database, statements, errorTypes, operations } = measure(open)
    const insert = database.prepare('INSERT INTO t VALUES (?, ?)')
    insert.run(1, 'a')
    expect(() => insert.run(1, 'b')).toThrow('UNIQUE')
    expect(() => insert.run(2, 'a')).toThrow('UNIQUE')
    expect(() => database.exec('INSERT INTO missing VALUES (1)')).toThrow('missing')
    expect(() => database.prepare('SELECT secret FROM t')).toThrow('secret')
    expect(() => database.exec('SELEC secret')).toThrow('syntax')
    expect(errorTypes()).toEqual([
      ['SQLITE_CONSTRAINT_PRIMARYKEY', 1],
      ['SQLITE_CONSTRAINT_UNIQUE', 1],
      ['SQLITE_ERROR', 1],
    ])
    expect(statements()).toEqual({
      'insert: INSERT INTO t VALUES (?)': [3, 2],
      'insert: other': [1, 1],
      'select: other': [1, 1],
      'other: other': [1, 1],
    })
    expect(operations().set).toEqual({ operations: 4, errors: 3 })
  })

  test('a statement that waits for the lock of another process and fails is counted with its time', async () => {
    const { database, path, value, errorTypes } = measure((file) =>
      library === 'node:sqlite'
        ? (new DatabaseSync(file, { timeout: 200 }) as unknown as Database)
        : new BetterSqlite(file, { timeout: 200 }),
    )
    const script = `const { DatabaseSync } = require('node:sqlite')
      new DatabaseSync(${JSON.stringify(path)}).exec('BEGIN EXCLUSIVE'); console.log('locked'); setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--no-warnings', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    onTestFinished(() => void child.kill())
    await once(child.stdout, 'data')
    const insert = database.prepare('INSERT INTO t VALUES (?, ?)')
    expect(() => insert.run(1, 'a')).toThrow('locked')
    expect(() => database.exec('BEGIN IMMEDIATE')).toThrow('locked')
    // The option `timeout` of node:sqlite exists since Node 22.16.
    if (library !== 'node:sqlite' || 'isTransaction' in database) expect(value('db_busy_seconds_total')).toBeGreaterThan(0.35)
    expect(value('db_busy_seconds_total')).toBeGreaterThan(0)
    expect(value('db_busy_seconds_total')).toBeLessThan(30)
    expect(errorTypes()).toEqual([['SQLITE_BUSY', 1]])
    child.kill()
    await once(child, 'exit')
    insert.run(1, 'a')
    expect(value('db_transaction_aborts_total')).toBe(0)
  })

  test('instrument runs no SQL and does not wait, whatever the state of the database', async () => {
    const path = join(folder, `${files++}.db`)
    open(path).exec('CREATE TABLE t (k)')
    const locker = open(path)
    locker.exec('BEGIN EXCLUSIVE')
    const registry = new MetricsRegistry()
    const database = open(path)
    const startMs = performance.now()
    instrument(database, { registry })
    expect(registry.stores.list()[0]?.directory()).toBe(folder)
    await registry.collectors.collectNow()
    expect(performance.now() - startMs).toBeLessThan(2000)
    locker.exec('COMMIT')
  })

  test('an iterator is open until its last row, return or an error, and its time is without that of its reader', async () => {
    const { database, value, operations } = measure(open)
    database.exec('INSERT INTO t VALUES (1, 1), (2, 2), (3, 3)')
    const select = database.prepare('SELECT * FROM t')
    const rows = select.iterate()
    rows.next()
    expect([value('db_open_iterators'), operations().scan?.operations]).toEqual([1, 0])
    await sleep(300)
    expect(value('db_oldest_iterator_age_seconds')).toBeGreaterThan(0.25)
    rows.return?.()
    expect([value('db_open_iterators'), value('db_oldest_iterator_age_seconds')]).toEqual([0, 0])
    expect(rows.next()).toMatchObject({ done: true })
    for (const _row of select.iterate()) break
    expect([...select.iterate()]).toHaveLength(3)
    expect(operations().scan).toEqual({ operations: 3, errors: 0, entries: 5 })
    expect((value('db_scan_latency_seconds') as unknown as { sum: number }).sum).toBeLessThan(0.25)
  })

  test('an iterator that is dropped is counted, and not open any more', async () => {
    const { database, registry, value, operations } = measure(open)
    database.exec('INSERT INTO t VALUES (1, 1), (2, 2), (3, 3)')
    const drop = () => void database.prepare('SELECT * FROM t').iterate().next()
    drop()
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    for (let tries = 0; tries < 100 && value('db_open_iterators') !== 0; tries++) {
      await sleep(1)
      collect()
      await registry.collectors.collectNow()
    }
    expect([value('db_open_iterators'), value('db_abandoned_iterators_total')]).toEqual([0, 1])
    expect(operations().scan).toEqual({ operations: 1, errors: 0, entries: 1 })
  })

  test('at most 50 statements have series, the others are counted as other, which is said once', () => {
    const { database, statements, warnings } = measure(open)
    for (let i = 0; i < 60; i++) database.prepare(`SELECT k AS c${i} FROM t`).all()
    for (let i = 0; i < 60; i++) database.prepare(`SELECT k AS c${i} FROM t`).all()
    database.prepare('DELETE FROM t').run()
    const counted = statements()
    expect(Object.keys(counted)).toHaveLength(52)
    expect([counted['select: other'], counted['delete: other']]).toEqual([
      [20, 0],
      [1, 0],
    ])
    expect(warnings).toEqual([
      expect.stringMatching(/^store orders runs more than 50 different SQL statements: .*option statements$/),
    ])
  })

  test('statements can be named, whatever their values and their format, also beyond the limit', () => {
    const { database, statements } = measure(open, {
      statements: { 'one order': "SELECT * FROM t WHERE k = 1 AND v = ''", setup: 'DELETE FROM t' },
    })
    for (let i = 0; i < 60; i++) database.prepare(`SELECT k AS c${i} FROM t`)
    database.prepare('select *\n from t -- c\n where k = ? and v = ?').all(1, 2)
    database.exec('DELETE FROM t')
    expect(statements()).toMatchObject({ 'select: one order': [1, 0], 'delete: setup': [1, 0] })
  })

  test('a statement is the package’s own object', () => {
    const bare = open(':memory:')
    const { database } = measure(open)
    const statement = database.prepare('SELECT 1 AS one')
    const other = bare.prepare('SELECT 1 AS one')
    expect(statement).toBeInstanceOf(other.constructor)
    expect(Reflect.ownKeys(statement)).toEqual(Reflect.ownKeys(other))
    expect(() => statement.get.call({} as Statement)).toThrow()
    expect(statement.get()).toEqual(other.get())
  })

  test('after uninstrument, and while the registry is disabled, statements work and nothing is measured', () => {
    const { database, registry, operations } = measure(open)
    const keys = Reflect.ownKeys(database)
    const select = database.prepare('SELECT * FROM t')
    registry.enabled = false
    select.all()
    expect([...select.iterate()]).toEqual([])
    database.exec('INSERT INTO t VALUES (1, 1)')
    registry.enabled = true
    expect(operations()).toMatchObject({ scan: { operations: 0 }, set: { operations: 0 } })
    const rows = select.iterate()
    uninstrument(database)
    rows.return?.()
    expect(Reflect.ownKeys(database).length).toBeLessThan(keys.length)
    select.all()
    expect(operations().scan?.operations).toBe(0)
  })

  test('under load the counts are those of an independent count', () => {
    const { database, operations, value } = measure(open)
    const expected = { get: 0, set: 0, delete: 0, scan: 0, rows: 0, errors: 0, commits: 0, aborts: 0 }
    const insert = database.prepare('INSERT INTO t VALUES (?, ?)')
    const select = database.prepare('SELECT v FROM t WHERE k = ?')
    const range = database.prepare('SELECT k FROM t WHERE k BETWEEN ? AND ?')
    for (let round = 0; round < 300; round++) {
      database.exec('BEGIN')
      for (let k = round * 10; k < round * 10 + 10; k++) {
        insert.run(k, `v${k}`)
        select.get(k)
      }
      expected.set += 10
      expected.get += 10
      expected.rows += range.all(round * 10, round * 10 + 4).length
      expected.rows += [...range.iterate(round * 10, round * 10 + 2)].length
      expected.scan += 2
      if (round % 3 === 0) {
        expect(() => insert.run(round * 10, 'again')).toThrow()
        expected.set++
        expected.errors++
      }
      database.exec(round % 5 === 0 ? 'ROLLBACK' : 'COMMIT')
      expected[round % 5 === 0 ? 'aborts' : 'commits']++
      database.exec(`DELETE FROM t WHERE k = ${round * 10}`)
      expected.delete++
    }
    const { get, set, delete: deletes, scan } = operations()
    expect({
      get: get?.operations,
      set: set?.operations,
      delete: deletes?.operations,
      scan: scan?.operations,
      rows: scan?.entries,
      errors: set?.errors,
      commits: value('db_transaction_commits_total'),
      aborts: value('db_transaction_aborts_total'),
    }).toEqual(expected)
  })
})

test('a call of a better-sqlite3 transaction is a batch with its writes, and nested ones are savepoints', () => {
  const { database, statements, operations, value } = measure((path) => new BetterSqlite(path))
  const insert = database.prepare('INSERT INTO t VALUES (?, ?)')
  const inner = database.transaction((k: number) => insert.run(k, null))
  const outer = database.transaction(function (this: unknown, from: number, fail: boolean) {
    inner(from)
    inner(from + 1)
    database.prepare('SELECT 1').get()
    if (fail) throw new Error('stopped')
    return [this, database.inTransaction]
  })
  expect(outer.call('self', 1, false)).toEqual(['self', true])
  expect(() => outer(3, true)).toThrow('stopped')
  expect(() => outer(1, false)).toThrow('UNIQUE')
  expect(database.transaction(() => 5).immediate()).toBe(5)
  expect(() => database.transaction(async () => 5)()).toThrow('promise')
  expect(operations().batch).toEqual({ operations: 5, errors: 3, entries: 2 })
  expect(operations().set).toEqual({ operations: 5, errors: 1 })
  expect([value('db_transaction_commits_total'), value('db_transaction_aborts_total')]).toEqual([2, 3])
  expect(statements()).toEqual({
    'begin: BEGIN': [4, 0],
    'begin: BEGIN IMMEDIATE': [1, 0],
    'commit: COMMIT': [2, 0],
    'rollback: ROLLBACK': [3, 0],
    'savepoint: SAVEPOINT ?': [5, 0],
    'release: RELEASE ?': [5, 0],
    'rollback: ROLLBACK TO ?': [1, 0],
    'insert: INSERT INTO t VALUES (?)': [5, 1],
    'select: SELECT ?': [2, 0],
  })
})

test('a transaction function has the versions and properties of the package’s own', () => {
  const { database } = measure((path) => new BetterSqlite(path))
  const own = new BetterSqlite(':memory:').transaction(() => {})
  const measured = database.transaction(() => {})
  const shape = (transaction: Transaction) =>
    Object.entries(Object.getOwnPropertyDescriptors(transaction)).map(([name, { value: of, ...flags }]) => [
      name,
      typeof of,
      flags,
    ])
  expect(shape(measured)).toEqual(shape(own))
  expect(measured.immediate).not.toBe(measured.deferred)
  expect(Reflect.get(measured.immediate, 'default')).toBe(measured)
  expect(Reflect.get(measured, 'database')).toBe(database)
  expect(() => database.transaction('x' as never)).toThrow('Expected first argument to be a function')
})

test('a full database aborts a transaction once, and the error of BEGIN and COMMIT is that of the batch', () => {
  const { database, path, statements, operations, value, errorTypes } = measure((file) => new BetterSqlite(file, { timeout: 0 }))
  const other = new BetterSqlite(path, { timeout: 0 })
  const write = database.transaction(() => database.exec('INSERT INTO t VALUES (NULL, NULL)'))
  other.exec('BEGIN IMMEDIATE')
  expect(() => write.immediate()).toThrow('locked')
  other.exec('ROLLBACK; BEGIN; SELECT * FROM t')
  const rows = other.prepare('SELECT 1 FROM sqlite_schema').iterate()
  rows.next()
  expect(() => write()).toThrow('locked')
  rows.return?.()
  other.close()
  expect(statements()).toMatchObject({ 'begin: BEGIN IMMEDIATE': [1, 1], 'commit: COMMIT': [1, 1], 'rollback: ROLLBACK': [1, 0] })
  expect([value('db_transaction_commits_total'), value('db_transaction_aborts_total')]).toEqual([0, 1])
  expect(operations().batch).toEqual({ operations: 2, errors: 2, entries: 0 })
  expect(errorTypes()).toEqual([['SQLITE_BUSY', 2]])
})

test('the verbose log of better-sqlite3 contains what the application ran, and nothing else', async () => {
  const log: string[] = []
  const { database, registry } = measure((path) => new BetterSqlite(path, { verbose: (sql: string) => log.push(sql) }))
  log.length = 0
  database.prepare('SELECT * FROM t WHERE k = ?').get(5)
  database.pragma('user_version')
  await registry.collectors.collectNow()
  await registry.stores.list()[0]?.probe()?.read('probe key')
  expect(log).toEqual(['SELECT * FROM t WHERE k = 5.0', 'PRAGMA user_version'])
})

test.runIf('setAuthorizer' in DatabaseSync.prototype)(
  'the authorizer of node:sqlite sees what the application runs, and nothing else',
  async () => {
    const { database, registry, value } = measure((path) => new DatabaseSync(path) as unknown as Database)
    let asked = 0
    Reflect.apply(Reflect.get(database, 'setAuthorizer'), database, [
      () => {
        asked++
        return 1
      },
    ])
    await registry.collectors.collectNow()
    expect(await registry.stores.list()[0]?.probe()?.read('probe key')).toBeUndefined()
    expect([asked, value('db_sstable_bytes')]).toEqual([0, 12_288])
  },
)

test('pragma, explain and tag stores are statements', () => {
  const { database, statements, operations } = measure((path) => new BetterSqlite(path))
  expect(database.pragma('user_version', { simple: true })).toBe(0)
  database.pragma("user_version = 12345'".slice(0, -1))
  expect(() => database.pragma('secret = (')).toThrow()
  database.explain?.('DELETE FROM t WHERE k = 3')
  expect(statements()).toMatchObject({
    'pragma: PRAGMA user_version': [1, 0],
    'pragma: PRAGMA user_version = ?': [1, 0],
    'pragma: other': [1, 1],
  })
  expect(operations().delete?.operations).toBe(0)
  if (!('createTagStore' in DatabaseSync.prototype)) return
  const own = measure((path) => new DatabaseSync(path) as unknown as Database)
  // biome-ignore lint/suspicious/noExplicitAny: the types of Node 22 have no tag stores.
  const tags: any = Reflect.apply(Reflect.get(own.database, 'createTagStore'), own.database, [])
  const find = (k: number) => tags.get`SELECT * FROM t WHERE k = ${k}`
  tags.run`INSERT INTO t VALUES (${1}, ${'secret'})`
  expect([find(1), find(2)]).toEqual([{ k: 1, v: 'secret' }, undefined])
  expect([...tags.iterate`SELECT k FROM t`]).toHaveLength(1)
  expect(tags.size).toBe(3)
  expect(own.operations()).toMatchObject({ get: { operations: 2 }, set: { operations: 1 }, scan: { operations: 1, entries: 1 } })
  expect(own.statements()).toMatchObject({ 'select: SELECT * FROM t WHERE k = ?': [2, 0] })
})

test('what a user-defined function runs is a part of its statement', () => {
  const { database, operations } = measure((path) => new DatabaseSync(path) as unknown as Database)
  const inner = database.prepare('SELECT 1')
  Reflect.apply(Reflect.get(database, 'function'), database, ['own', () => Object.values(inner.get() as object)[0]])
  expect(database.prepare('SELECT own() AS one').get()).toEqual({ one: 1 })
  expect(operations().get?.operations).toBe(1)
})

test('statements that other code wraps are measured once, by whatever comes first', () => {
  const calls: string[] = []
  const wrap = (database: Database) => {
    const prepare = database.prepare
    database.prepare = function (sql) {
      const statement = prepare.call(this, sql)
      const get = statement.get
      statement.get = function (...values) {
        calls.push('get')
        return get.apply(this, values)
      }
      return statement
    }
    return database
  }
  const before = measure((path) => wrap(new BetterSqlite(path)))
  before.database.prepare('SELECT * FROM t').get()
  const after = measure((path) => new BetterSqlite(path))
  wrap(after.database).prepare('SELECT * FROM t').get()
  expect([before.operations().get?.operations, after.operations().get?.operations, calls.length]).toEqual([1, 1, 2])
})

test('a wrong option statements is rejected', () => {
  const database = new DatabaseSync(':memory:')
  const wrong = (statements: unknown) => () => instrument(database, { statements: statements as Record<string, string> })
  expect(wrong('SELECT 1')).toThrow('statements must be an object with the SQL of each name, got "SELECT 1"')
  expect(wrong({ one: 1 })).toThrow('statements.one must be SQL, got 1')
  expect(wrong({ '': 'SELECT 1' })).toThrow('label statement must not be empty')
  expect(() => instrument(new Map(), { statements: {} })).toThrow('adapter "map" have none')
})

/** Every method there is: a new one must be decided on. */
const known = {
  measured: [
    'prepare',
    'exec',
    'pragma',
    'explain',
    'transaction',
    'createTagStore',
    'open',
    'close',
    'get',
    'all',
    'run',
    'iterate',
  ],
  // They run no statement of the application, or what they run is not SQL.
  unmeasured: [
    ...[
      'backup',
      'serialize',
      'deserialize',
      'function',
      'aggregate',
      'table',
      'loadExtension',
      'enableLoadExtension',
      'enableDefensive',
    ],
    ...['defaultSafeIntegers', 'unsafeMode', 'createSession', 'applyChangeset', 'setAuthorizer', 'location', 'constructor'],
    ...['bind', 'pluck', 'expand', 'raw', 'safeIntegers', 'columns', 'toString', 'stat', 'resetStats', 'clear'],
    ...['setAllowBareNamedParameters', 'setAllowUnknownNamedParameters', 'setReadBigInts', 'setReturnArrays'],
  ],
}

test('every method of the packages is known', () => {
  const own = new DatabaseSync(':memory:')
  const better = new BetterSqlite(':memory:')
  const tags: object[] =
    'createTagStore' in own ? [Reflect.apply(Reflect.get(own, 'createTagStore') as () => object, own, [])] : []
  const methods = [own, better, own.prepare('SELECT 1'), better.prepare('SELECT 1'), ...tags].flatMap((object) =>
    Object.getOwnPropertyNames(Object.getPrototypeOf(object)),
  )
  const unknown = methods.filter((name) => !known.measured.includes(name) && !known.unmeasured.includes(name))
  expect(unknown, 'decide whether it is measured, in sqlite.ts, and list it above').toEqual([])
})
