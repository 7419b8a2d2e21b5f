import type { Choices, Counts, Step } from '@wombat/test-support/differential'

/** The parts of an abstract-level database that the steps use, of any version. */
export interface Level {
  readonly status: string
  open(): Promise<void>
  close(): Promise<void>
  get(key: unknown, options?: object): Promise<unknown>
  getMany(keys: unknown): Promise<unknown>
  has?(key: unknown): Promise<boolean>
  hasMany?(keys: unknown): Promise<boolean[]>
  getSync?(key: unknown): unknown
  put(key: unknown, value: unknown): Promise<void>
  del(key: unknown): Promise<void>
  batch(): ChainedBatch
  batch(operations: unknown): Promise<void>
  clear(options?: object): Promise<void>
  iterator(options?: object): Iterator
  keys(options?: object): Iterator
  values(options?: object): Iterator
  sublevel(name: string, options?: object): Level
  snapshot?(): { close(): Promise<void> }
}

interface ChainedBatch {
  readonly length: number
  put(key: unknown, value: unknown): ChainedBatch
  del(key: unknown): ChainedBatch
  clear(): ChainedBatch
  write(): Promise<void>
  close(): Promise<void>
}

interface Iterator {
  next(): Promise<unknown>
  nextv(size: number): Promise<unknown[]>
  all(): Promise<unknown[]>
  close(): Promise<void>
  [Symbol.asyncIterator](): AsyncIterator<unknown>
}

/** What each step needs to know of the store it runs on. */
export interface LevelState {
  readonly root: Level
  /** Iterators that were left open: a scan is counted when it is closed. */
  readonly abandoned: Iterator[]
}

type LevelStep = Step<LevelState>

const isOpen = (outcome: { value: unknown } | { error: unknown }): boolean => 'value' in outcome

/** Returns a step whose counts apply only if the database was open; an error that is raised above the engine counts as nothing. */
function step(name: string, run: (state: LevelState) => unknown, counts: Counts | ((value: unknown) => Counts)): LevelStep {
  return {
    name,
    run,
    counts: (outcome) => {
      if (!isOpen(outcome)) return {}
      return typeof counts === 'function' ? counts((outcome as { value: unknown }).value) : counts
    },
  }
}

/** Chooses a part of the store: mostly the root, else one of its sublevels. */
function choosePart({ pick }: Choices): (root: Level) => Level {
  const path = pick([[], [], [], ['users'], ['users', 'names'], ['index']])
  return (root) => path.reduce((level, name) => level.sublevel(name), root)
}

/** Creates the steps for a database, with the operations that its version has. */
export function levelSteps({ has, hasMany, getSync, snapshot }: Partial<Record<keyof Level, unknown>>) {
  return (choices: Choices): readonly LevelStep[] => {
    const { below, pick } = choices
    const key = (): string => `k${String(below(40)).padStart(2, '0')}`
    const value = (): string => 'v'.repeat(below(30)) + below(1000)
    const part = choosePart(choices)
    const oneKey = key()
    const oneValue = value()
    const keys = Array.from({ length: below(4) }, key)
    const range = pick([{}, { gte: key() }, { lt: key(), reverse: true }, { limit: below(6) }])
    const entries = Array.from({ length: below(5) }, () =>
      below(3) === 0 ? { type: 'del', key: key() } : { type: 'put', key: key(), value: value() },
    )
    const reads = below(5)

    const all: LevelStep[] = [
      step('get', ({ root }) => part(root).get(oneKey), { get: 1 }),
      step('get of many', ({ root }) => part(root).getMany(keys), { get_many: keys.length === 0 ? 0 : 1 }),
      step('put', ({ root }) => part(root).put(oneKey, oneValue), { set: 1 }),
      step('put again', ({ root }) => root.put(oneKey, oneValue), { set: 1 }),
      step('del', ({ root }) => part(root).del(oneKey), { delete: 1 }),
      step('batch', ({ root }) => part(root).batch(entries), entries.length === 0 ? {} : { batch: { entries: entries.length } }),
      step('clear of a range', ({ root }) => part(root).clear(range), 'limit' in range && range.limit === 0 ? {} : { clear: 1 }),
      step(
        'all entries',
        ({ root }) => part(root).iterator(range).all(),
        (got) => ({ scan: { entries: (got as []).length } }),
      ),
      step(
        'all keys',
        ({ root }) => part(root).keys(range).all(),
        (got) => ({ scan: { entries: (got as []).length } }),
      ),
      step(
        'all values',
        ({ root }) => part(root).values(range).all(),
        (got) => ({ scan: { entries: (got as []).length } }),
      ),
      step(
        'some entries',
        async ({ root }) => {
          const iterator = part(root).iterator(range)
          const got: unknown[] = []
          for (let read = 0; read < reads; read++) got.push(await iterator.next())
          await iterator.close()
          return got.filter((entry) => entry !== undefined)
        },
        (got) => ({ scan: { entries: (got as []).length } }),
      ),
      step(
        'entries in groups',
        async ({ root }) => {
          const iterator = part(root).iterator(range)
          const got = await iterator.nextv(reads + 1)
          await iterator.close()
          return got
        },
        (got) => ({ scan: { entries: (got as []).length } }),
      ),
      step(
        'entries until a break',
        async ({ root }) => {
          const got: unknown[] = []
          for await (const entry of part(root).iterator(range)) {
            got.push(entry)
            if (got.length > reads) break
          }
          return got
        },
        (got) => ({ scan: { entries: (got as []).length } }),
      ),
      step(
        'a chained batch',
        ({ root }) => {
          const batch = part(root).batch()
          for (const entry of entries) entry.type === 'put' ? batch.put(entry.key, entry.value) : batch.del(entry.key)
          return batch.write()
        },
        entries.length === 0 ? {} : { batch: { entries: entries.length } },
      ),
      step(
        'a chained batch that is not written',
        ({ root }) => {
          const batch = root.batch().put(oneKey, oneValue).clear()
          return batch.close()
        },
        {},
      ),
      { name: 'a missing key', run: ({ root }) => root.get(undefined), counts: {} },
      { name: 'a missing value', run: ({ root }) => root.put(oneKey, null), counts: {} },
      { name: 'a batch that is none', run: ({ root }) => root.batch([{ type: 'put', key: oneKey }]), counts: {} },
    ]
    if (has !== undefined) all.push(step('has', ({ root }) => part(root).has?.(oneKey), { has: 1 }))
    if (hasMany !== undefined)
      all.push(step('has of many', ({ root }) => part(root).hasMany?.(keys), { has: keys.length === 0 ? 0 : 1 }))
    if (getSync !== undefined) all.push(step('a synchronous get', ({ root }) => root.getSync?.(oneKey), { get: 1 }))
    if (snapshot !== undefined) {
      all.push(
        step(
          'a get from a snapshot',
          async ({ root }) => {
            const before = root.snapshot?.()
            await root.put(oneKey, oneValue)
            const got = await root.get(oneKey, { snapshot: before })
            await before?.close()
            return got
          },
          { set: 1, get: 1 },
        ),
      )
    }
    const kind = below(30)
    if (kind === 0) return [reopen(choices, key())]
    if (kind === 1) return [abandon(range, reads)]
    // Reads of the same moment, whose order has no effect.
    if (kind < 5)
      return [
        step('get', ({ root }) => root.get(oneKey), { get: 1 }),
        ...keys.map((each) => step('get', ({ root }) => root.get(each), { get: 1 })),
      ]
    return [pick(all)]
  }
}

/** Closes the database, uses it while it is closed and while it opens. Closing it closes its iterators. */
function reopen({ below }: Choices, key: string): LevelStep {
  const isDeferred = below(2) === 0
  let scans = 0
  let entries = 0
  return {
    name: isDeferred ? 'close, and get while opening' : 'close and open',
    run: async (state) => {
      scans = state.abandoned.length
      entries = state.abandoned.reduce((sum, iterator) => sum + ((iterator as { count?: number }).count ?? 0), 0)
      await state.root.close()
      state.abandoned.length = 0
      const failure = await state.root.get(key).catch((error: { code: string }) => error.code)
      const opening = state.root.open()
      const got = isDeferred ? await state.root.get(key) : undefined
      await opening
      return [failure, got]
    },
    counts: () => ({ get: isDeferred ? 1 : 0, ...(scans > 0 && { scan: { operations: scans, entries } }) }),
  }
}

/** Reads from an iterator and leaves it open. */
function abandon(range: object, reads: number): LevelStep {
  return {
    name: 'an abandoned iterator',
    run: async ({ root, abandoned }) => {
      const iterator = root.iterator(range)
      abandoned.push(iterator)
      for (let read = 0; read < reads; read++) await iterator.next()
    },
    counts: {},
  }
}
