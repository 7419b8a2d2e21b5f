/** LevelDB's states, by the beginning of their messages (`Status::ToString` in LevelDB), with the codes of classic-level. */
const codes: ReadonlyArray<readonly [beginning: string, code: string]> = [
  ['Corruption: ', 'LEVEL_CORRUPTION'],
  ['IO error: lock ', 'LEVEL_LOCKED'],
  // On Windows.
  ['IO error: LockFile ', 'LEVEL_LOCKED'],
  ['IO error: ', 'LEVEL_IO_ERROR'],
]

/** The values of `error_type`. Errors of abstract-leveldown have no codes: LevelDB's are derived from their messages. */
export const errorCodes: ReadonlySet<string> = new Set(codes.map(([, code]) => code))

/** Returns an object with the error's code; the error itself if it has none. */
export function withErrorCode(error: unknown): unknown {
  try {
    const { code, message } = error as { readonly code?: unknown; readonly message?: unknown }
    if (code !== undefined || typeof message !== 'string') return error
    const known = codes.find(([beginning]) => message.startsWith(beginning))
    return known === undefined ? error : { code: known[1], cause: error }
  } catch {
    // A getter of the error threw: the code is unknown.
    return undefined
  }
}
