/** An entry to put, also as part of a batch. */
export interface Entry {
  readonly type: 'put'
  readonly key: string
  readonly value: string
}

/** Entries of a store in its order, from a key on. */
export interface Range {
  readonly gte: string
  readonly limit: number
}

/** What is asked of a store here; each takes one argument, so that one wrapper fits all. */
export interface Operations {
  get(key: string): Promise<unknown>
  getSync(key: string): unknown
  put(entry: Entry): Promise<void>
  batch(entries: Entry[]): Promise<void>
  scan(range: Range): Promise<void>
}

/** What classic-level and memory-level have in common. */
export interface Store {
  get(key: string): Promise<unknown>
  getSync(key: string): unknown
  put(key: string, value: string): Promise<void>
  batch(entries: Entry[]): Promise<void>
  iterator(range: Range): AsyncIterable<unknown>
  close(): Promise<void>
}
