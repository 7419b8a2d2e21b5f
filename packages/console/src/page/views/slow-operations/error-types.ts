const corruptionTypes: readonly string[] = [
  'LEVEL_CORRUPTION',
  'MDB_CORRUPTED',
  'MDB_PAGE_NOTFOUND',
  'MDB_INVALID',
  'SQLITE_CORRUPT',
]

const meanings: Readonly<Record<string, string>> = {
  ...Object.fromEntries(corruptionTypes.map((type) => [type, 'corrupted data was found'])),
  LEVEL_IO_ERROR: 'the disk or the file system reported an error',
  LEVEL_LOCKED: 'another process has the store open',
  LEVEL_DATABASE_NOT_OPEN: 'the store is not open',
  LEVEL_ITERATOR_NOT_OPEN: 'the iterator is closed',
  LEVEL_INVALID_KEY: 'the key is null or undefined',
  LEVEL_INVALID_VALUE: 'the value is null or undefined',
  LEVEL_ABORTED: 'the application aborted it',
  LEVEL_READONLY: 'the store is read-only',
  MDB_MAP_FULL: 'the map is as large as it may be',
  MDB_READERS_FULL: 'the reader table is full',
  MDB_TXN_FULL: 'the transaction has too many changed pages',
  MDB_DBS_FULL: 'more databases than maxDbs',
  SQLITE_BUSY: 'another connection holds the lock',
  SQLITE_LOCKED: 'another statement of the same connection holds the lock',
  SQLITE_FULL: 'the disk is full',
  SQLITE_IOERR: 'the disk or the file system reported an error',
  SQLITE_CONSTRAINT: 'a constraint was violated',
  OOM: 'the server has no memory left for writes',
  READONLY: 'the server is a replica that accepts no writes',
  NOAUTH: 'the server wants a password',
  LOADING: 'the server is loading its data',
  CLUSTERDOWN: 'the cluster does not serve this slot',
  _OTHER: 'the error has no documented code: its message is in the log of the application',
}

/** Returns what an error type means; undefined for one that speaks for itself. */
export function errorMeaning(type: string): string | undefined {
  return meanings[type]
}

/** Returns the heading of the section of the runbook about errors of these types. */
export function runbookHeading(types: readonly string[]): string {
  return types.some((type) => corruptionTypes.includes(type)) ? 'DataCorruption' : 'HighErrorRate'
}
