import { storeAdapters } from '@wombat/instrumentation'
import { errorType, otherError } from '@wombat/instrumentation/internal'

const documentedCodes: ReadonlySet<string> = new Set(storeAdapters.flatMap(({ errorCodes }) => [...errorCodes]))

/** Error codes that report corrupted data. */
export const corruptionCodes: ReadonlySet<string> = new Set([
  'LEVEL_CORRUPTION',
  // lmdb.h: "Requested page not found - this usually indicates corruption"; "Located page was wrong type"; "File is not a valid LMDB file".
  'MDB_PAGE_NOTFOUND',
  'MDB_CORRUPTED',
  'MDB_INVALID',
])

/** Returns the error's code if the store or the system documents it, else undefined. Never the message: it may contain keys. */
export function errorCode(error: unknown): string | undefined {
  const code = errorType(error, documentedCodes)
  return code === otherError ? undefined : code
}

/** Appends the code in parentheses, if there is one. */
export function withCode(message: string, code: string | undefined): string {
  return code === undefined ? message : `${message} (${code})`
}
