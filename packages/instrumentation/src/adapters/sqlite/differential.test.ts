import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { DatabaseSync } from 'node:sqlite'
import { randomFrom } from '@wombat/test-support/random'
import { expect, test } from 'vitest'
import { instrument } from '../../instrument.ts'
import { MetricsRegistry } from '../../registry/registry.ts'

// A measured database must do, return and throw what one does that is not measured, whatever is called in which order.
// By hand for longer: SQLITE_SECONDS=600 SQLITE_SEED=42 vitest run packages/instrumentation/src/adapters/sqlite/differential

// biome-ignore lint/suspicious/noExplicitAny: both packages and their versions are called by name.
type Anything = any

const BetterSqlite: new (path: string, options: object) => Anything = createRequire(import.meta.url)('better-sqlite3')
const seconds = Number(process.env['SQLITE_SECONDS'] ?? 1.5)
const seed = Number(process.env['SQLITE_SEED'] ?? 1)

const schema = `CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT UNIQUE, n NUMERIC CHECK (n < 100));
  CREATE TABLE u (k REFERENCES t(k), b BLOB)`

// node:sqlite of Node 22.15.0 ends the process with a segmentation fault when an iterator is called with another `this`.
const { status: foreignReceiverStatus } = spawnSync(process.execPath, [
  '-e',
  `const { DatabaseSync } = require('node:sqlite')
  const iterator = new DatabaseSync(':memory:').prepare('SELECT 1').iterate()
  try { iterator.next.call({}) } catch {}`,
])

const statements: readonly string[] = [
  'SELECT * FROM t WHERE k = ?',
  'SELECT v FROM t ORDER BY k',
  'SELECT k, v, n FROM t WHERE n > ? LIMIT 5',
  'SELECT count(*) AS c, 1 AS c FROM t',
  'SELECT t.k, u.k FROM t LEFT JOIN u ON t.k = u.k',
  'SELECT $a AS a, :b AS b',
  'SELECT own(?)',
  'SELECT json(?)',
  'INSERT INTO t (v, n) VALUES (?, ?)',
  'INSERT OR ROLLBACK INTO t (k) VALUES (1)',
  'INSERT INTO t (k) VALUES (?) RETURNING k',
  'REPLACE INTO t (k, v) VALUES (?, ?)',
  "INSERT INTO u VALUES (?, x'00ff')",
  'UPDATE t SET n = n + ? WHERE k < 10',
  'UPDATE t SET n = ? RETURNING *',
  'DELETE FROM t WHERE k = ?',
  'DELETE FROM t WHERE k > 20 RETURNING k',
  'WITH a AS (SELECT k FROM t) SELECT max(k) FROM a',
  'BEGIN',
  'BEGIN IMMEDIATE',
  'COMMIT',
  'ROLLBACK',
  'SAVEPOINT a',
  'RELEASE a',
  'ROLLBACK TO a',
  'PRAGMA user_version = 5',
  'PRAGMA table_info(t)',
  'EXPLAIN QUERY PLAN SELECT 1',
  'CREATE TABLE IF NOT EXISTS w (a)',
  'DROP TABLE IF EXISTS w',
  'SELECT 1; SELECT 2',
  'SELEC 1',
  'SELECT missing FROM t',
  '',
]
const scripts: readonly string[] = [
  ...statements,
  'BEGIN; DELETE FROM t WHERE k = 3; COMMIT',
  'INSERT INTO t (k) VALUES (30); INSERT INTO t (k) VALUES (30)',
  "SAVEPOINT b; UPDATE t SET v = 'x' WHERE k = 1; RELEASE b",
  '-- nothing',
]

interface Side {
  readonly database: Anything
  /** What the application sees of its own database: the `verbose` log of better-sqlite3. */
  readonly log: string[]
  readonly statements: Map<number, Anything>
  readonly iterators: Map<number, Anything>
  readonly transactions: Map<number, Anything>
  tags: Anything
}

type Open = (log: string[]) => Anything

const libraries: Readonly<Record<string, Open>> = {
  'node:sqlite': () => new DatabaseSync(':memory:'),
  'better-sqlite3': (log) => new BetterSqlite(':memory:', { verbose: (sql: string) => log.push(sql) }),
}

function createSide(open: Open, isMeasured: boolean): Side {
  const log: string[] = []
  const database = open(log)
  if (isMeasured) instrument(database, { name: 'measured', registry: new MetricsRegistry() })
  database.exec(schema)
  database.function('own', (value: unknown) => {
    if (value === 5) throw new RangeError('five')
    return value
  })
  return {
    database,
    log,
    statements: new Map(),
    iterators: new Map(),
    transactions: new Map(),
    tags: database.createTagStore?.(4),
  }
}

/** Returns what a caller sees of a result or an error; objects of the package by their kind. */
function describe(value: unknown, side: Side): unknown {
  if (value === side.database) return 'the database'
  if (typeof value === 'function') return `function ${value.name} ${value.length} ${Object.getOwnPropertyNames(value)}`
  if (typeof value !== 'object' || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) return value
  const name = value.constructor?.name
  if (name === 'Object' || name === undefined) return value
  const listed: string[] = []
  for (const key in value) listed.push(key)
  return {
    name,
    keys: Object.keys(value),
    listed: listed.sort(),
    own: Reflect.ownKeys(value).map(String),
    text: Object.prototype.toString.call(value),
  }
}

function attempt(side: Side, run: (side: Side) => unknown): unknown {
  try {
    return { value: describe(run(side), side) }
  } catch (error) {
    const { name, code, errcode, message } = error as Error & { code?: unknown; errcode?: unknown }
    return { name, code, errcode, message }
  }
}

class Chooser {
  readonly random: () => number

  constructor(own: number) {
    this.random = randomFrom(own)
  }

  below(limit: number): number {
    return Math.floor(this.random() * limit)
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)] as T
  }

  values(): unknown[] {
    const one = (): unknown =>
      this.pick<unknown>([
        1,
        5,
        7,
        150,
        null,
        'a',
        `v${this.below(20)}`,
        2n ** 40n,
        new Uint8Array([1]),
        0.5,
        true,
        { a: 1, b: 2 },
        undefined,
      ])
    return Array.from({ length: this.pick([0, 1, 1, 1, 2, 2, 3]) }, one)
  }
}

/** One random action, to be performed on both sides. */
function chooseAction(chooser: Chooser): (side: Side) => unknown {
  const slot = chooser.below(6)
  const sql = chooser.pick(statements)
  const values = chooser.values()
  const method = chooser.pick(['get', 'all', 'run', 'get', 'all', 'run', 'iterate'])
  const mode = chooser.pick([
    'pluck',
    'raw',
    'expand',
    'safeIntegers',
    'columns',
    'bind',
    'setReadBigInts',
    'setReturnArrays',
    'toString',
    'close',
    'stat',
  ])
  const setting = chooser.pick([true, false, undefined])
  const script = chooser.pick(scripts)
  const isFailing = chooser.below(3) === 0
  const version = chooser.pick(['default', 'deferred', 'immediate', 'exclusive'])
  const inner = chooser.below(6)
  const actions: ReadonlyArray<(side: Side) => unknown> = [
    (side) => {
      const statement = side.database.prepare(sql)
      side.statements.set(slot, statement)
      return statement
    },
    (side) => {
      const result = side.statements.get(slot)?.[method](...values)
      if (method === 'iterate' && result !== undefined) side.iterators.set(slot, result)
      return result
    },
    (side) => side.database.prepare(sql)[method](...values),
    (side) => {
      const statement = side.statements.get(slot)
      const result = setting === undefined ? statement?.[mode]?.() : statement?.[mode]?.(setting)
      return result === statement ? 'the statement' : result
    },
    (side) => side.iterators.get(slot)?.next(),
    (side) => side.iterators.get(slot)?.return(),
    (side) => [...(side.iterators.get(slot) ?? [])],
    (side) => side.database.exec(script),
    (side) => side.database.pragma?.('table_info(t)', { simple: setting ?? 1 }),
    (side) => side.database.pragma?.('user_version'),
    (side) => side.database.explain?.(sql),
    (side) => {
      const body = function (this: unknown, ...args: unknown[]): unknown {
        side.database.prepare('INSERT INTO t (v) VALUES (?)').run(args[0] ?? null)
        if (inner > 3) side.transactions.get(inner - 1)?.(...args)
        if (isFailing) throw new SyntaxError('stopped')
        return inner === 2 ? Promise.resolve() : [this === side, args.length]
      }
      const transaction = side.database.transaction?.(setting === undefined ? sql : body)
      if (transaction !== undefined && inner < 4) side.transactions.set(inner, transaction)
      return transaction
    },
    (side) => side.transactions.get(inner)?.[version].apply(side, values),
    (side) => side.transactions.get(inner)?.(...values),
    (side) => side.tags && side.tags[method]`SELECT * FROM t WHERE k = ${values[0]}`,
    (side) => side.tags && side.tags[method]`INSERT INTO t (v) VALUES (${values[0]})`,
    (side) => [side.tags?.size, side.tags?.capacity, side.tags?.db === side.database],
    (side) => side.tags?.get(sql),
    (side) => [side.database.inTransaction, side.database.isTransaction, side.statements.get(slot)?.busy],
    (side) => [side.statements.get(slot)?.sourceSQL, side.statements.get(slot)?.source, side.statements.get(slot)?.reader],
    (side) => side.statements.get(slot)?.database === side.database,
    (side) => side.statements.get(slot)?.[method].call({}, ...values),
    (side) => foreignReceiverStatus === 0 && side.iterators.get(slot)?.next.call({}),
    (side) => side.statements.get(slot) instanceof side.database.prepare('SELECT 1').constructor,
  ]
  return chooser.pick(actions)
}

test.each(Object.keys(libraries))('%s does the same measured and not measured', (library) => {
  const open = libraries[library] as Open
  const untilMs = performance.now() + seconds * 1000
  const outcomes = { value: 0, error: 0 }
  for (let round = 0; performance.now() < untilMs; round++) {
    const bare = createSide(open, false)
    const measured = createSide(open, true)
    const chooser = new Chooser(seed * 100_000 + round)
    for (let step = 0; step < 150; step++) {
      const action = chooseAction(chooser)
      const expected = attempt(bare, action)
      const where = `seed ${seed}, round ${round}, step ${step}: ${action}`
      expect(attempt(measured, action), where).toEqual(expected)
      expect(measured.log, where).toEqual(bare.log)
      outcomes[typeof expected === 'object' && expected !== null && 'value' in expected ? 'value' : 'error']++
    }
    for (const { database } of [bare, measured]) attempt(bare, () => database.close())
  }
  // Both kinds of outcome occur often.
  expect(Math.min(outcomes.value, outcomes.error)).toBeGreaterThan(100)
})
