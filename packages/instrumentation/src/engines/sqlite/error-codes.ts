/** SQLite's result codes in the order of their numbers, from 1 on, each with its extended codes, from 1 on. From `sqlite3.h`. */
const names = `ERROR:MISSING_COLLSEQ,RETRY,SNAPSHOT,RESERVESIZE,KEY,UNABLE INTERNAL PERM ABORT:,ROLLBACK BUSY:RECOVERY,SNAPSHOT,TIMEOUT
  LOCKED:SHAREDCACHE,VTAB NOMEM READONLY:RECOVERY,CANTLOCK,ROLLBACK,DBMOVED,CANTINIT,DIRECTORY INTERRUPT
  IOERR:READ,SHORT_READ,WRITE,FSYNC,DIR_FSYNC,TRUNCATE,FSTAT,UNLOCK,RDLOCK,DELETE,BLOCKED,NOMEM,ACCESS,CHECKRESERVEDLOCK,LOCK,CLOSE,DIR_CLOSE,SHMOPEN,SHMSIZE,SHMLOCK,SHMMAP,SEEK,DELETE_NOENT,MMAP,GETTEMPPATH,CONVPATH,VNODE,AUTH,BEGIN_ATOMIC,COMMIT_ATOMIC,ROLLBACK_ATOMIC,DATA,CORRUPTFS,IN_PAGE,BADKEY,CODEC
  CORRUPT:VTAB,SEQUENCE,INDEX NOTFOUND FULL CANTOPEN:NOTEMPDIR,ISDIR,FULLPATH,CONVPATH,DIRTYWAL,SYMLINK PROTOCOL EMPTY SCHEMA TOOBIG
  CONSTRAINT:CHECK,COMMITHOOK,FOREIGNKEY,FUNCTION,NOTNULL,PRIMARYKEY,TRIGGER,UNIQUE,VTAB,ROWID,PINNED,DATATYPE MISMATCH MISUSE NOLFS
  AUTH:USER FORMAT RANGE NOTADB NOTICE:RECOVER_WAL,RECOVER_ROLLBACK,RBU WARNING:AUTOINDEX`

const codes: ReadonlyMap<number, string> = new Map(
  names.split(/\s+/).flatMap((entry, index) => {
    const [name = '', extended = ''] = entry.split(':')
    const details = extended === '' ? [] : extended.split(',')
    return [
      [index + 1, `SQLITE_${name}`] as const,
      ...details.flatMap((detail, at) =>
        detail === '' ? [] : [[(index + 1) | ((at + 1) << 8), `SQLITE_${name}_${detail}`] as const],
      ),
    ]
  }),
)

/** The names of SQLite's error codes, with the extended ones. better-sqlite3 gives them as `code`. */
export const sqliteErrorCodes: ReadonlySet<string> = new Set(codes.values())

/** Returns the name of an error's code, for example `SQLITE_BUSY`; undefined if the error is not SQLite's. Never throws. */
export function sqliteErrorCode(error: unknown): string | undefined {
  try {
    const { code, errcode } = error as { code?: unknown; errcode?: unknown }
    if (typeof code === 'string' && sqliteErrorCodes.has(code)) return code
    // node:sqlite gives the number. An extended code that is newer than this list counts as its main code.
    if (typeof errcode === 'number') return codes.get(errcode) ?? codes.get(errcode & 0xff)
  } catch {
    // Not an object, or a getter threw.
  }
  return undefined
}

/** Returns an error with the name of SQLite's code as its `code`, that is otherwise like `error`; `error` itself if it has it already. */
export function withErrorCode(error: unknown): unknown {
  const code = sqliteErrorCode(error)
  if (code === undefined || (error as { code?: unknown }).code === code) return error
  return Object.create(error as object, { code: { value: code, enumerable: true } })
}

/** Returns whether the error means that another connection holds the lock. */
export function isBusy(error: unknown): boolean {
  return sqliteErrorCode(error)?.startsWith('SQLITE_BUSY') === true
}
