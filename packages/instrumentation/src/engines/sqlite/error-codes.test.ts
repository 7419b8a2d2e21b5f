import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { isBusy, sqliteErrorCode, sqliteErrorCodes, withErrorCode } from './error-codes.ts'

const packagePath = createRequire(import.meta.url).resolve('better-sqlite3/package.json')
const header = readFileSync(join(dirname(packagePath), 'deps/sqlite3/sqlite3.h'), 'utf8')

/** Returns the error codes that SQLite's header defines: a line for each main code, and one for each extended code. */
function parseHeader(): Map<string, number> {
  const begin = header.indexOf('#define SQLITE_ERROR ')
  const main = header.slice(begin, header.indexOf('#define SQLITE_ROW ', begin)).matchAll(/#define (SQLITE_[A-Z]+) +(\d+)/g)
  const codes = new Map([...main].map(([, name = '', code]) => [name, Number(code)]))
  for (const [, name = '', of = '', at] of header.matchAll(/#define (SQLITE_\w+) +\((SQLITE_[A-Z]+) *\| *\((\d+)<<8\)\)/g)) {
    const base = codes.get(of)
    if (base !== undefined) codes.set(name, base | (Number(at) << 8))
  }
  return codes
}

test('the codes are those of the header of SQLite', () => {
  const codes = parseHeader()
  expect(codes.size).toBeGreaterThan(90)
  expect([...sqliteErrorCodes].sort()).toEqual([...codes.keys()].sort())
  for (const [name, errcode] of codes) expect(sqliteErrorCode({ code: 'ERR_SQLITE_ERROR', errcode }), name).toBe(name)
})

test('an extended code that is not listed counts as its main code, and other errors have none', () => {
  expect(sqliteErrorCode({ errcode: 5 | (200 << 8) })).toBe('SQLITE_BUSY')
  expect([{ code: 'ENOENT' }, { errcode: 99 }, null, undefined, 'SQLITE_BUSY', new Error('a')].map(sqliteErrorCode)).toEqual(
    Array(6).fill(undefined),
  )
  const throwing = {
    get code() {
      throw new Error('getter')
    },
  }
  expect(sqliteErrorCode(throwing)).toBeUndefined()
  expect([isBusy({ errcode: 261 }), isBusy({ code: 'SQLITE_BUSY_SNAPSHOT' }), isBusy({ errcode: 6 })]).toEqual([
    true,
    true,
    false,
  ])
})

test('an error gets the name as its code, and is like the error otherwise', () => {
  const error = Object.assign(new TypeError('locked'), { code: 'ERR_SQLITE_ERROR', errcode: 5 })
  const coded = withErrorCode(error) as typeof error
  expect([coded.code, coded.message, coded instanceof TypeError, error.code]).toEqual([
    'SQLITE_BUSY',
    'locked',
    true,
    'ERR_SQLITE_ERROR',
  ])
  const named = Object.assign(new Error('locked'), { code: 'SQLITE_BUSY' })
  expect(withErrorCode(named)).toBe(named)
})
