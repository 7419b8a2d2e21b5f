const engines: Readonly<Record<string, string>> = {
  leveldb: 'LevelDB',
  rocksdb: 'RocksDB',
  lmdb: 'LMDB',
  sqlite: 'SQLite',
  redis: 'Redis',
  memory: 'in memory',
}

/** Returns the name of an engine as its makers write it. */
export function engineName(engine: string): string {
  return engines[engine] ?? engine
}

const operations: Readonly<Record<string, string>> = { get_many: 'get many' }

/** Returns the name of an operation for people. */
export function operationName(operation: string): string {
  return operations[operation] ?? operation
}

/** Returns the name of a quantile: `P99`, `P99.9`. */
export function quantileName(quantile: number): string {
  return `P${Number((quantile * 100).toPrecision(4))}`
}
