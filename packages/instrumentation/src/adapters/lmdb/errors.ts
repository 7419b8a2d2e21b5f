import { getSystemErrorMap } from 'node:util'

/** LMDB's own return codes, from its header `lmdb.h` ("Return Codes"). */
const codes: ReadonlyMap<number, string> = new Map([
  [-30799, 'MDB_KEYEXIST'],
  [-30798, 'MDB_NOTFOUND'],
  [-30797, 'MDB_PAGE_NOTFOUND'],
  [-30796, 'MDB_CORRUPTED'],
  [-30795, 'MDB_PANIC'],
  [-30794, 'MDB_VERSION_MISMATCH'],
  [-30793, 'MDB_INVALID'],
  [-30792, 'MDB_MAP_FULL'],
  [-30791, 'MDB_DBS_FULL'],
  [-30790, 'MDB_READERS_FULL'],
  [-30789, 'MDB_TLS_FULL'],
  [-30788, 'MDB_TXN_FULL'],
  [-30787, 'MDB_CURSOR_FULL'],
  [-30786, 'MDB_PAGE_FULL'],
  [-30785, 'MDB_MAP_RESIZED'],
  [-30784, 'MDB_INCOMPATIBLE'],
  [-30783, 'MDB_BAD_RSLOT'],
  [-30782, 'MDB_BAD_TXN'],
  [-30781, 'MDB_BAD_VALSIZE'],
  [-30780, 'MDB_BAD_DBI'],
])

const systemErrors = getSystemErrorMap()

export const lmdbErrors: ReadonlySet<string> = new Set([...codes.values(), ...[...systemErrors.values()].map(([name]) => name)])

/** An error of lmdb has a number for its code, LMDB's or the system's; it is counted by the name of that. */
export function withErrorCode(error: unknown): unknown {
  try {
    const code: unknown = (error as { code?: unknown } | null | undefined)?.code
    if (typeof code !== 'number') return error
    return { code: codes.get(code) ?? systemErrors.get(-code)?.[0] }
  } catch {
    // A getter of the error threw: its kind stays unknown.
    return undefined
  }
}
