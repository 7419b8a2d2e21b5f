import { storeAdapters } from '@wombat/instrumentation'
import { errorType, otherError } from '@wombat/instrumentation/internal'

const codes: ReadonlySet<string> = new Set(storeAdapters.flatMap(({ errorCodes }) => [...errorCodes]))

/** The codes by which a store says that what it keeps is damaged. */
export const corruptionCodes: ReadonlySet<string> = new Set([
  'LEVEL_CORRUPTION',
  // lmdb.h: "Requested page not found - this usually indicates corruption"; "Located page was wrong type"; "File is not a valid LMDB file".
  'MDB_PAGE_NOTFOUND',
  'MDB_CORRUPTED',
  'MDB_INVALID',
])

/** The code of an error where a store's authors or the system documented it, undefined for all others: never its message. */
export function errorCode(error: unknown): string | undefined {
  const code = errorType(error, codes)
  return code === otherError ? undefined : code
}

/** A sentence with the code behind it, where there is one. */
export function formatCode(message: string, code: string | undefined): string {
  return code === undefined ? message : `${message} (${code})`
}
