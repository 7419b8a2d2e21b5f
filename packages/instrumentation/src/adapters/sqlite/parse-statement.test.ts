import { createRequire } from 'node:module'
import { randomFrom } from '@wombat/test-support/random'
import { expect, test } from 'vitest'
import { parseScript, parseStatement } from './parse-statement.ts'
import { statementLabel } from './statement-label.ts'

interface Database {
  prepare(sql: string): unknown
  exec(sql: string): unknown
}

const BetterSqlite: new (path: string) => Database = createRequire(import.meta.url)('better-sqlite3')

const parsed: ReadonlyArray<[sql: string, verb: string, text: string]> = [
  ["select * from t where k = 'it''s' and v > -1.5e-3", 'select', 'SELECT * FROM t WHERE k = ? AND v > ?'],
  ["SELECT x'00ff', 0x1F, 1_000, .5, 5., ?, ?12, :a, @b, $c::d(e)", 'select', `SELECT ${Array(10).fill('?').join(', ')}`],
  ['SELECT 1 -- 2\n+ /* 3 */ x', 'select', 'SELECT ? + x'],
  ['SELECT a FROM t WHERE a IN (1, -2, NULL, x)', 'select', 'SELECT a FROM t WHERE a IN (?, ?, ?, x)'],
  ["SELECT a FROM t WHERE a in (1,2 , 'x')", 'select', 'SELECT a FROM t WHERE a IN (?)'],
  [
    'SELECT count (*) FROM "o d" AS "o" WHERE "o"."a" = "b"."c" AND d = "x"',
    'select',
    'SELECT count(*) FROM "o d" AS "o" WHERE "o"."a" = "b"."c" AND d = ?',
  ],
  ["SELECT a IS NULL, b NOT NULL, c->>'$.x' FROM [a b], `c`", 'select', 'SELECT a IS NULL, b NOT NULL, c ->> ? FROM [a b], `c`'],
  [
    "INSERT INTO t(a, b) VALUES (1, 'x'), (2, date('now')), (?, NULL) RETURNING a",
    'insert',
    'INSERT INTO t(a, b) VALUES (?) RETURNING a',
  ],
  ['REPLACE INTO t VALUES (1)', 'replace', 'REPLACE INTO t VALUES (?)'],
  ['UPDATE t SET a = a - 1, b = TRUE WHERE c', 'update', 'UPDATE t SET a = a - ?, b = ? WHERE c'],
  ['DELETE FROM t LIMIT 5', 'delete', 'DELETE FROM t LIMIT ?'],
  [
    'WITH a(b) AS (SELECT 1 UNION VALUES (2), (3)) DELETE FROM t',
    'delete',
    'WITH a(b) AS (SELECT ? UNION VALUES (?)) DELETE FROM t',
  ],
  ['WITH RECURSIVE a AS (DELETE) INSERT INTO t SELECT 1', 'insert', 'WITH RECURSIVE a AS (DELETE) INSERT INTO t SELECT ?'],
  ['values (1, 2), (3, 4)', 'select', 'VALUES (?)'],
  ['explain query plan delete from t', 'explain', 'EXPLAIN QUERY PLAN DELETE FROM t'],
  ['BEGIN IMMEDIATE TRANSACTION', 'begin', 'BEGIN IMMEDIATE TRANSACTION'],
  ['END', 'commit', 'END'],
  ['ROLLBACK TRANSACTION', 'rollback', 'ROLLBACK'],
  ['rollback to savepoint sp_17', 'rollback', 'ROLLBACK TO ?'],
  ['SAVEPOINT sp_17', 'savepoint', 'SAVEPOINT ?'],
  ['RELEASE SAVEPOINT sp_17', 'release', 'RELEASE ?'],
  ['PRAGMA main.key = secret', 'pragma', 'PRAGMA main.key = ?'],
  ['PRAGMA hexkey(abc)', 'pragma', 'PRAGMA hexkey(?)'],
  ["ATTACH 'other.db' AS other", 'attach', 'ATTACH ? AS other'],
  ["VACUUM INTO 'copy.db'", 'vacuum', 'VACUUM INTO ?'],
  ['CREATE TABLE t(a INTEGER PRIMARY KEY, b DEFAULT 5)', 'create', 'CREATE TABLE t(a INTEGER PRIMARY KEY, b DEFAULT ?)'],
  ["SELECT 'secret", 'select', 'SELECT ?'],
  ['SELECT "secret', 'select', 'SELECT ?'],
  ['SELECT a /* secret', 'select', 'SELECT a'],
  ['SELECT 1\0secret', 'select', 'SELECT ?'],
  ['SELECT größe FROM Straße', 'select', 'SELECT größe FROM Straße'],
  ['GARBAGE 1', 'other', 'GARBAGE ?'],
  ['-- nothing', 'other', ''],
]

test.each(parsed)('%s', (sql, verb, text) => {
  expect(parseStatement(sql)).toMatchObject({ verb, text })
  // The text is a statement without values: reading it again finds none.
  if (verb !== 'other') expect(parseStatement(text).text).toBe(text)
})

test('a script is split at its semicolons, and not in strings, comments and triggers', () => {
  const trigger = 'CREATE TRIGGER a AFTER INSERT ON t BEGIN SELECT 1; SELECT CASE WHEN 2 THEN 3 END; END'
  const script = `${trigger}; BEGIN; INSERT INTO t VALUES (';'); -- ;\n ;; /* ; */ COMMIT; ROLLBACK TO a`
  expect(parseScript(script).map(({ verb, text, endsTransaction }) => [verb, text, endsTransaction])).toEqual([
    ['create', 'CREATE TRIGGER a AFTER INSERT ON t BEGIN', false],
    ['begin', 'BEGIN', false],
    ['insert', 'INSERT INTO t VALUES (?)', false],
    ['commit', 'COMMIT', true],
    ['rollback', 'ROLLBACK TO ?', false],
  ])
  expect(parseScript(' ; -- nothing')).toEqual([])
})

test('very long SQL is its verb only, and many rows are one', () => {
  const rows = (count: number) => `INSERT INTO t VALUES ${Array(count).fill("(1, 'secret')").join(', ')}`
  expect(parseStatement(rows(20_000)).text).toBe('INSERT INTO t VALUES (?)')
  expect(parseStatement(rows(100_000))).toEqual({ verb: 'insert', text: 'INSERT…', endsTransaction: false })
  expect(parseScript(rows(100_000))).toMatchObject([{ verb: 'other', text: 'INSERT…' }])
})

test('a label has at most 80 characters, and two long texts stay apart', () => {
  const long = (end: string) => `SELECT ${'column_name, '.repeat(20)}${end}`
  const [a, b] = [statementLabel(long('a')), statementLabel(long('b'))]
  expect([a.length, b.length]).toEqual([80, 80])
  expect(a).toMatch(/^SELECT column_name, .*… #[0-9a-f]{8}$/)
  expect(a).not.toBe(b)
  expect(statementLabel('SELECT ?')).toBe('SELECT ?')
  expect(statementLabel(`SELECT ${'😀'.repeat(80)}`).isWellFormed()).toBe(true)
  expect(statementLabel('SELECT \ud800').isWellFormed()).toBe(true)
})

/** Everything that a value may look like; each contains the secret. */
const secret = 'S3cr3t'
const values: ReadonlyArray<(random: () => number) => string> = [
  () => `'${secret}'`,
  () => `'a''${secret}''b'`,
  () => `'-- ${secret}'`,
  () => `'/* ${secret}'`,
  () => `'"${secret}";'`,
  () => `'${secret}\n\t\u2028😀'`,
  () => `x'${Buffer.from(secret).toString('hex')}'`,
  () => `X'${Buffer.from(secret).toString('hex')}'`,
  (random) => `${Math.floor(random() * 1e9)}987654321`,
  (random) => `-${random() * 1e3}987654321`,
  () => '987654321e-5',
  () => '.987654321',
  () => '0x987654321',
  () => '987_654_321',
  () => `:${secret}`,
  () => `@${secret}`,
  () => `$${secret}`,
  () => `$a::${secret}`,
  () => `$a(${secret})`,
  () => '?98765',
  () => `/* ${secret} ' " */ 1`,
  () => `1 -- ${secret} '\n`,
]
const places: ReadonlyArray<(value: () => string) => string> = [
  (value) => `SELECT a FROM t WHERE b = ${value()}`,
  (value) => `SELECT a FROM t WHERE b IN (${value()}, ${value()}) OR c LIKE ${value()}`,
  (value) => `SELECT ${value()} AS x, a || ${value()} FROM "t" GROUP BY 1 LIMIT ${value()}`,
  (value) => `INSERT INTO t (a, b) VALUES (${value()}, ${value()}), (${value()}, abs(${value()}))`,
  (value) => `UPDATE t SET a = ${value()} , b=${value()} WHERE c BETWEEN ${value()} AND ${value()}`,
  (value) => `WITH x AS (SELECT ${value()}) DELETE FROM t WHERE a = ${value()}`,
  (value) => `SELECT CASE a WHEN ${value()} THEN ${value()} ELSE ${value()} END FROM t`,
  (value) => `PRAGMA user_version = ${value()}`,
  (value) => `SELECT json_extract(a, ${value()}), a->>${value()} FROM t`,
]
const leak = new RegExp(`${secret}|${Buffer.from(secret).toString('hex')}|98765|987_654`, 'i')

test('no value of any form in any place reaches a label, and the verb does not depend on it', () => {
  const random = randomFrom(Number(process.env['SQL_SEED'] ?? 5))
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
  for (let round = 0; round < Number(process.env['SQL_ROUNDS'] ?? 20_000); round++) {
    const place = pick(places)
    const sql = place(() => pick(values)(random))
    const { text, verb } = parseStatement(sql)
    expect(text, sql).not.toMatch(leak)
    expect({ text, verb }, sql).toMatchObject({
      text: parseStatement(place(() => '?')).text,
      verb: parseStatement(place(() => '1')).verb,
    })
    for (const statement of parseScript(`${sql}\n; SELECT ${pick(values)(random)}`)) expect(statement.text, sql).not.toMatch(leak)
  }
})

test('cut and damaged SQL never throws, is read to its end, and leaks no text in quotes', () => {
  const random = randomFrom(Number(process.env['SQL_SEED'] ?? 6))
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
  const parts = [
    "'",
    '"',
    '`',
    '[',
    ']',
    '(',
    ')',
    ',',
    ';',
    '--',
    '/*',
    '*/',
    '\n',
    '\0',
    '.',
    '-',
    '=',
    'x',
    '$',
    ':',
    '?',
    '\ud800',
    '1',
    'VALUES',
    'WITH',
    'SELECT',
    'NULL',
    'IN',
    'BEGIN',
    'END',
    'TO',
    'CREATE TRIGGER',
  ]
  for (let round = 0; round < Number(process.env['SQL_ROUNDS'] ?? 20_000); round++) {
    const sql = Array.from({ length: 1 + Math.floor(random() * 25) }, () => pick(parts)).join(pick(['', ' ']))
    expect(statementLabel(parseStatement(sql).text).isWellFormed(), JSON.stringify(sql)).toBe(true)
    parseScript(sql)
    expect(parseStatement(`SELECT '${secret}${sql.replaceAll("'", "''")}' , 1`).text, JSON.stringify(sql)).not.toContain(secret)
  }
})

test('SQLite reads the same tokens: what is a value to it is a value here', () => {
  const database = new BetterSqlite(':memory:')
  database.exec('CREATE TABLE t (a, b, c)')
  const random = randomFrom(8)
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
  let compiled = 0
  for (let round = 0; round < 3000; round++) {
    const place = pick(places)
    const sql = place(() => pick(values)(random))
    // A PRAGMA takes no parameters.
    if (sql.startsWith('PRAGMA')) continue
    try {
      database.prepare(sql)
      compiled++
    } catch {
      continue
    }
    // What compiles with its values compiles without them.
    expect(() => database.prepare(parseStatement(sql).text.replace(/VALUES \(\?\)/, 'VALUES (?, ?)')), sql).not.toThrow()
  }
  expect(compiled).toBeGreaterThan(1000)
})
