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

/** The error codes that lmdb documents, and those of the system. */
export const lmdbErrorCodes: ReadonlySet<string> = new Set([
  ...codes.values(),
  ...[...systemErrors.values()].map(([name]) => name),
])

/** Returns an object with the name of the error's code: lmdb's errors carry the number, of LMDB or of the system. */
export function withErrorCode(error: unknown): unknown {
  try {
    const code: unknown = (error as { code?: unknown } | null | undefined)?.code
    if (typeof code !== 'number') return error
    return { code: codes.get(code) ?? systemErrors.get(-code)?.[0] }
  } catch {
    // A getter of the error threw: the code is unknown.
    return undefined
  }
}
