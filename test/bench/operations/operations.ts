/** An entry to put, alone or in a batch. */
export interface Entry {
  readonly type: 'put'
  readonly key: string
  readonly value: string
}

/** A range of entries, from a key on. */
export interface Range {
  readonly gte: string
  readonly limit: number
}

/** The measured operations. Each takes one argument, so that one wrapper fits all of them. */
export interface Operations {
  get(key: string): Promise<unknown>
  getSync(key: string): unknown
  put(entry: Entry): Promise<void>
  batch(entries: Entry[]): Promise<void>
  scan(range: Range): Promise<void>
}

/** The methods that classic-level and memory-level share. */
export interface Store {
  get(key: string): Promise<unknown>
  getSync(key: string): unknown
  put(key: string, value: string): Promise<void>
  batch(entries: Entry[]): Promise<void>
  iterator(range: Range): AsyncIterable<unknown>
  close(): Promise<void>
}
