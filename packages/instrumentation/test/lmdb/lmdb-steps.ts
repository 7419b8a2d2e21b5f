import { setImmediate as nextTurn } from 'node:timers/promises'
import type { MetricsRegistry } from '@wombat/instrumentation'
import type { Choices, Counts, Outcome, Step } from '@wombat/test-support/differential'
import type * as Lmdb from 'lmdb'
import { readDataFile } from './data-file.ts'

type Root = Lmdb.RootDatabase<unknown, string>
type Database = Lmdb.Database<unknown, string>

/** What each step needs to know of the store it runs on. */
export interface LmdbState {
  root: Root
  /** Handles by number: the steps of both stores use the same numbers. */
  readonly handles: Map<number, Database>
  readonly path: string
  /** Undefined if the store is not measured. */
  readonly registry: MetricsRegistry | undefined
}

/** The kind of databases that are compared. */
export interface LmdbVariant {
  readonly lmdb: typeof Lmdb
  readonly encoding: 'msgpack' | 'json' | 'string' | 'binary' | 'ordered-binary'
  readonly options: Lmdb.RootDatabaseOptions
  /** Whether neither store is measured. */
  readonly isControl: boolean
  /** Opens the root again, measured if the store is. */
  open(path: string, registry: MetricsRegistry | undefined): Root
}

type LmdbStep = Step<LmdbState>

/** A handle as the steps know it. Number 0 is the root. */
interface Handle {
  readonly id: number
  readonly name: string | null
}

/** How the callback of a transaction ends. */
const endings = ['commits', 'aborts', 'throws'] as const

type Action = SimpleAction | ChildTransaction

interface SimpleAction {
  readonly does: 'put' | 'putSync' | 'remove' | 'removeSync' | 'get' | 'doesExist' | 'getKeys' | 'clearSync'
  readonly key: string
  readonly value: unknown
}

interface ChildTransaction {
  readonly does: 'child'
  readonly actions: readonly Action[]
  readonly ending: (typeof endings)[number]
}

/** What an action returned; of a child, what its actions returned. */
type ActionResult = { readonly did: Action; readonly result: unknown; readonly inner?: readonly ActionResult[] }

const reopening = 'close and open the root'

const tooLong = 'k'.repeat(5000)

/** Creates the steps of one comparison. It keeps track of the handles that may be called: others would end the process. */
export class LmdbSteps {
  readonly #variant: LmdbVariant
  #nextId = 1
  /** Handles of databases that are open. */
  #alive: Handle[] = []
  /** Handles of databases that another handle closed or dropped: reading them is an error, or reads another database. */
  #ended: Handle[] = []
  /** The store that is not measured, whose content is that of the other one between two steps. */
  #bare: LmdbState | undefined
  #commits = 0
  #aborts = 0

  constructor(variant: LmdbVariant) {
    this.#variant = variant
  }

  open(path: string, registry: MetricsRegistry | undefined): LmdbState {
    const used = this.#variant.isControl ? undefined : registry
    const state = { root: this.#variant.open(path, used), handles: new Map(), path, registry: used }
    if (registry === undefined) this.#bare = state
    return state
  }

  readonly next = (choices: Choices): readonly LmdbStep[] => {
    const { below, pick } = choices
    const meanwhile = below(12)
    if (meanwhile === 3) return [pick([this.#checkGauges(), this.#probe()])]
    const step = this.#choose(choices)
    // What a scrape and a health check do, at any moment. If the root is closed during a probe, the key remains.
    if (step.name === reopening) return below(2) === 0 ? [step] : [this.#collect(), step]
    if (meanwhile === 0) return [this.#collect(), step]
    if (meanwhile === 1) return [this.#probe(), step]
    if (meanwhile === 2) return [step, this.#collect(), this.#probe()]
    return [step]
  }

  async finish({ root, path }: LmdbState): Promise<unknown> {
    await nextTurn()
    await root.close()
    const again = this.#variant.lmdb.open<unknown, string>({ ...this.#variant.options, path })
    const own = [...again.getRange({ start: 'k', end: 'l' })]
    const names = [...again.getKeys({ start: 'db', end: 'dc' })]
    const others = names.map((name) => [name, [...again.openDB<unknown, string>(name, this.#options()).getRange()]])
    await again.close()
    return { own, others }
  }

  #choose(choices: Choices): LmdbStep {
    const { below, pick } = choices
    const kind = below(100)
    if (kind < 3) return this.#openDatabase(choices)
    if (kind < 4 && this.#alive.length > 0) return this.#drop(choices)
    if (kind < 5 && this.#alive.length > 0) return this.#close(choices)
    if (kind < 6) return this.#reopen()
    if (kind < 9 && this.#ended.length > 0) return this.#useEnded(choices)
    if (kind < 14) return this.#readSlowly(choices)
    if (kind < 30) return this.#transaction(choices)
    if (kind < 40) return this.#batch(choices)
    if (kind < 44) return this.#burst(choices)
    // Whether a cache still has an entry depends on the garbage collection, and some of its answers on that.
    const isStable = ({ name }: LmdbStep): boolean => name !== 'doesExist' && name !== 'getEntry'
    const steps = this.#simple(choices)
    return pick(this.#hasCache ? steps.filter(isStable) : steps)
  }

  get #hasCache(): boolean {
    return this.#variant.options.cache === true
  }

  #options(): Lmdb.DatabaseOptions {
    const { encoding } = this.#variant
    const { useVersions = false, cache = false } = this.#variant.options
    return { encoding, useVersions, cache } as Lmdb.DatabaseOptions
  }

  #pickHandle({ pick }: Choices): Handle {
    return pick([{ id: 0, name: null }, ...this.#alive])
  }

  #key({ below }: Choices): string {
    return `k${String(below(40)).padStart(2, '0')}`
  }

  #value({ below }: Choices): unknown {
    // lmdb limits the size of an ordered value by that of a key, or by what remains of a buffer.
    const mostBytes = below(10) === 0 && this.#variant.encoding !== 'ordered-binary' ? 6000 : 30
    const text = 'v'.repeat(below(mostBytes)) + below(1000)
    switch (this.#variant.encoding) {
      case 'binary':
        return Buffer.from(text)
      case 'string':
      case 'ordered-binary':
        return text
      default:
        return { text, number: below(100) }
    }
  }

  #simple(choices: Choices): LmdbStep[] {
    const { below, pick } = choices
    const handle = this.#pickHandle(choices)
    const key = below(30) === 0 ? pick([tooLong, undefined as unknown as string]) : this.#key(choices)
    // lmdb reads an ordered `undefined` as what it read before.
    const value =
      below(40) === 0 ? pick([this.#variant.encoding === 'ordered-binary' ? null : undefined, 10n ** 40n]) : this.#value(choices)
    const otherKey = this.#key(choices)
    const otherValue = this.#value(choices)
    const keys = below(30) === 0 ? (undefined as unknown as string[]) : Array.from({ length: below(4) }, () => this.#key(choices))
    const range = this.#range(choices)
    const reads = below(5)
    const version = this.#variant.options.useVersions === true ? below(3) : undefined
    const on = (run: (database: Database) => unknown) => (state: LmdbState) => run(find(state, handle))
    const scan = (name: string, read: (database: Database) => unknown[]): LmdbStep => ({
      name,
      run: on((database) => read(database)),
      counts: (outcome) => ({
        scan: { errors: failed(outcome), entries: 'value' in outcome ? (outcome.value as unknown[]).length : 0 },
      }),
    })
    const counted =
      (operation: 'get' | 'has' | 'set' | 'delete' | 'get_many' | 'clear' | 'scan') =>
      (outcome: Outcome): Counts => ({ [operation]: { errors: failed(outcome) } })
    return [
      { name: 'get', run: on((database) => copy(database.get(key))), counts: counted('get') },
      { name: 'getEntry', run: on((database) => readEntry(database, key)), counts: counted('get') },
      { name: 'getBinary', run: on((database) => database.getBinary(key)), counts: counted('get') },
      {
        name: 'getBinaryFast',
        run: on((database) => {
          const bytes = database.getBinaryFast(key) as Buffer | undefined
          return bytes && Buffer.from(bytes.subarray(0, Reflect.get(database, 'lastSize')))
        }),
        counts: counted('get'),
      },
      { name: 'doesExist', run: on((database) => database.doesExist(key)), counts: counted('has') },
      {
        name: 'getMany',
        run: on((database) => database.getMany(keys)),
        counts: counted('get_many'),
      },
      {
        name: 'getMany with a callback',
        run: on((database) => new Promise((resolve) => database.getMany(keys, (...answer) => resolve(answer)))),
        counts: counted('get_many'),
      },
      scan('getRange', (database) => [...database.getRange(range)]),
      scan('getKeys', (database) => [...database.getKeys(range)]),
      {
        name: 'getRange until a break',
        run: on((database) => {
          const got: unknown[] = []
          for (const entry of database.getRange(range)) {
            got.push(entry)
            if (got.length > reads) break
          }
          return got
        }),
        counts: (outcome) => ({ scan: { entries: 'value' in outcome ? (outcome.value as unknown[]).length : 0 } }),
      },
      { name: 'getKeysCount', run: on((database) => database.getKeysCount(range)), counts: counted('scan') },
      {
        name: 'put',
        run: on((database) => Reflect.apply(database.put, database, [key, value, version])),
        counts: counted('set'),
      },
      {
        name: 'put with a callback',
        run: on((database) => {
          // With versions, the argument for the callback is the version.
          if (version !== undefined) return database.put(otherKey, otherValue, version)
          return new Promise((resolve) => {
            Reflect.apply(database.put, database, [otherKey, otherValue, (...answer: unknown[]) => resolve(answer)])
          })
        }),
        counts: counted('set'),
      },
      { name: 'putSync', run: on((database) => database.putSync(key, value as never, version as never)), counts: counted('set') },
      { name: 'remove', run: on((database) => database.remove(key)), counts: counted('delete') },
      { name: 'removeSync', run: on((database) => database.removeSync(key)), counts: counted('delete') },
      ...(version === undefined
        ? []
        : ([
            {
              name: 'put if a version',
              run: on((database) => database.put(otherKey, otherValue, version + 1, version)),
              counts: counted('set'),
            },
            {
              name: 'remove if a version',
              run: on((database) => database.remove(otherKey, version)),
              counts: counted('delete'),
            },
          ] satisfies LmdbStep[])),
      ...(handle.id === 0
        ? []
        : ([
            { name: 'clearAsync', run: on((database) => database.clearAsync()), counts: counted('clear') },
            { name: 'clearSync', run: on((database) => database.clearSync()), counts: counted('clear') },
          ] satisfies LmdbStep[])),
    ]
  }

  /** The root also has the names of databases and, while a probe runs, its key. */
  #range(choices: Choices): Lmdb.RangeOptions {
    const { pick, below } = choices
    const key = (): string => this.#key(choices)
    return pick<Lmdb.RangeOptions>([
      { start: 'k', end: 'l' },
      { start: key(), end: 'l' },
      { start: 'k', end: key() },
      { start: key(), end: 'k', reverse: true },
      { start: 'k', end: 'l', limit: below(6) },
      { start: 'k', end: 'l', offset: below(4) },
      { start: 'k', end: 'l', snapshot: false },
    ])
  }

  /** Several writes in one turn, which share a commit. */
  #burst(choices: Choices): LmdbStep {
    const writes = Array.from({ length: 2 + choices.below(20) }, () => ({
      handle: this.#pickHandle(choices),
      key: this.#key(choices),
      value: choices.below(3) === 0 ? undefined : this.#value(choices),
    }))
    const sets = writes.filter(({ value }) => value !== undefined).length
    return {
      name: 'writes of one turn',
      run: (state) =>
        Promise.all(
          writes.map(({ handle, key, value }) => {
            const database = find(state, handle)
            return value === undefined ? database.remove(key) : database.put(key, value)
          }),
        ),
      counts: { set: sets, delete: writes.length - sets },
    }
  }

  #batch(choices: Choices): LmdbStep {
    const { below, pick } = choices
    const handle = this.#pickHandle(choices)
    const writes = Array.from({ length: 1 + below(4) }, () => ({
      type: pick(['put', 'del']),
      key: this.#key(choices),
      value: this.#value(choices),
    }))
    const key = this.#key(choices)
    const version = below(3)
    const write = (database: Database) => () => {
      for (const { type, key: each, value } of writes) type === 'put' ? database.put(each, value) : database.remove(each)
    }
    const how = pick(['batch', 'array', 'object', 'ifNoExists', 'ifVersion', 'throwing'])
    const run = (database: Database): unknown => {
      if (how === 'batch') return database.batch(write(database))
      if (how === 'array') return Reflect.apply(database.batch, database, [writes])
      if (how === 'ifNoExists') return database.ifNoExists(key, write(database))
      if (how === 'ifVersion') return database.ifVersion(key, version, write(database))
      if (how === 'throwing') return throwInBatch(database, write(database))
      const batch = Reflect.apply(database.batch, database, [])
      for (const { type, key: each, value } of writes) type === 'put' ? batch.put(each, value) : batch.del(each)
      return batch.write()
    }
    return {
      name: `a batch (${how})`,
      run: (state) => run(find(state, handle)),
      counts: (outcome) => ({
        batch: {
          errors: failed(outcome),
          entries: 'value' in outcome && outcome.value !== false ? writes.length : 0,
        },
      }),
    }
  }

  #actions(choices: Choices, depth: number): Action[] {
    const { below, pick } = choices
    const verbs = ['put', 'put', 'putSync', 'remove', 'removeSync', 'get', 'doesExist', 'getKeys', 'clearSync', 'child'] as const
    return Array.from({ length: below(5) }, (): Action => {
      const does = pick(verbs)
      if (does === 'child' && depth < 2) return { does, actions: this.#actions(choices, depth + 1), ending: pick(endings) }
      const isRare = does === 'child' || (does === 'clearSync' && below(5) > 0) || (does === 'doesExist' && this.#hasCache)
      return { does: isRare ? 'get' : does, key: this.#key(choices), value: this.#value(choices) }
    })
  }

  #transaction(choices: Choices): LmdbStep {
    const { pick, below } = choices
    const handle = this.#pickHandle(choices)
    const method = pick(['transactionSync', 'transaction', 'childTransaction'] as const)
    const isAsynchronous = below(3) === 0
    const ending = pick(endings)
    const actions = this.#actions(choices, 0)
    let results: ActionResult[] = []
    const { ABORT } = this.#variant.lmdb
    // lmdb ignores a late ABORT of a queued transaction, and an ABORT of one that is not a child.
    const isAborted = ending === 'aborts' && method !== 'transaction' && !(method === 'childTransaction' && isAsynchronous)
    return {
      name: `${isAsynchronous ? 'an asynchronous' : 'a'} ${method} that ${ending}`,
      run: async (state) => {
        const database = find(state, handle)
        const done: ActionResult[] = []
        const act = (): unknown => {
          done.push(...perform(database, actions, handle.id === 0, ABORT))
          if (ending === 'throws') throw new RangeError('the callback failed')
          return ending === 'aborts' ? ABORT : 'committed'
        }
        const callback = isAsynchronous
          ? async () => {
              await nextTurn()
              const result = act()
              await nextTurn()
              return result
            }
          : act
        try {
          return { result: await Reflect.apply(database[method], database, [callback]), done }
        } catch (error) {
          return { error: (error as Error).message, done }
        } finally {
          results = done
        }
      },
      counts: (outcome) => {
        const hasThrown = 'value' in outcome && 'error' in (outcome.value as object)
        // A transaction that is not abortable commits what was written before the callback threw.
        if (isAborted || (hasThrown && method !== 'transaction')) this.#aborts++
        else this.#commits++
        const batch = { errors: hasThrown ? 1 : 0, entries: isAborted || hasThrown ? 0 : countEntries(results) }
        return { ...countReads(results), batch }
      },
    }
  }

  #openDatabase({ pick }: Choices): LmdbStep {
    const handle = { id: this.#nextId++, name: pick(['db-a', 'db-b', 'db-c', 'db-d', 'db-e']) }
    this.#alive.push(handle)
    return {
      name: `openDB ${handle.name}`,
      run: (state) => void state.handles.set(handle.id, state.root.openDB<unknown, string>(handle.name, this.#options())),
      counts: {},
    }
  }

  /** Ends a database. Its handles are then those of no database, or of the next one that is opened. */
  #end({ name }: Handle, ended: readonly Handle[]): void {
    this.#ended.push(...this.#alive.filter((handle) => handle.name === name && !ended.includes(handle)))
    this.#alive = this.#alive.filter((handle) => handle.name !== name)
  }

  #drop(choices: Choices): LmdbStep {
    const handle = choices.pick(this.#alive)
    const isSync = choices.below(2) === 0
    // Calling the handle that dropped it ends the process, even unmeasured.
    this.#end(handle, isSync ? [handle] : [])
    return {
      name: `${isSync ? 'dropSync' : 'drop'} ${handle.name}`,
      run: (state) => (isSync ? find(state, handle).dropSync() : find(state, handle).drop()),
      counts: { clear: 1 },
    }
  }

  #close(choices: Choices): LmdbStep {
    const handle = choices.pick(this.#alive)
    this.#end(handle, [handle])
    return { name: `close ${handle.name}`, run: (state) => find(state, handle).close(), counts: {} }
  }

  /** Closes the root, calls it, and opens it again. */
  #reopen(): LmdbStep {
    this.#alive = []
    this.#ended = []
    return {
      name: reopening,
      run: async (state) => {
        // After a write that threw, lmdb runs a task at the end of the turn, which fails in a closed store.
        await nextTurn()
        const before = state.root
        await before.close()
        const calls = [
          () => before.get('k00'),
          () => before.doesExist('k00'),
          () => before.put('k00', 'x'),
          () => before.remove('k00'),
          () => before.transactionSync(() => {}),
        ].map((call) => {
          try {
            return { value: call() }
          } catch (error) {
            return { error: (error as Error).message }
          }
        })
        state.handles.clear()
        state.root = this.#variant.open(state.path, state.registry)
        return calls
      },
      counts: (outcome) => {
        const { value: calls } = outcome as { value: Outcome[] }
        // A cache still has values.
        const counts = (['get', 'has', 'set', 'delete', 'batch'] as const).map((operation, index) => [
          operation,
          { errors: failed(calls[index] as Outcome) },
        ])
        return Object.fromEntries(counts)
      },
    }
  }

  /** Calls a handle whose database another handle dropped or closed. */
  #useEnded(choices: Choices): LmdbStep {
    const handle = choices.pick(this.#ended)
    const key = this.#key(choices)
    const call = choices.pick(['get', 'getEntry', 'doesExist', 'getRange', 'putSync', 'getMany'] as const)
    const value = this.#value(choices)
    return {
      name: `${call} of the ended ${handle.name}`,
      run: (state) => {
        const database = find(state, handle)
        // Whether this is an error depends on when the snapshot was taken.
        state.root.resetReadTxn()
        if (call === 'getRange') return [...database.getRange({ start: 'k', end: 'l' })]
        if (call === 'putSync') return database.putSync(key, value)
        // The gets of `getMany` would throw outside of any call.
        if (call === 'getMany') return database.getMany([])
        return call === 'getEntry' ? readEntry(database, key) : database[call](key)
      },
      counts: (outcome) => {
        const errors = failed(outcome)
        if (call === 'getRange') return { scan: { errors, entries: 'value' in outcome ? (outcome.value as []).length : 0 } }
        const operations = { get: 'get', getEntry: 'get', doesExist: 'has', putSync: 'set', getMany: 'get_many' } as const
        return { [operations[call]]: { errors } }
      },
    }
  }

  /**
   * Reads a range over several turns, and ends it half-way. With several such ranges at once, or one that remains open while
   * databases are opened or dropped, lmdb itself ends the process.
   */
  #readSlowly(choices: Choices): LmdbStep {
    const handle = this.#pickHandle(choices)
    const { snapshot: _, ...range } = this.#range(choices)
    const reads = choices.below(6)
    return {
      name: 'a range over several turns',
      run: async (state) => {
        const cursor = find(state, handle).getRange(range)[Symbol.iterator]()
        const got: unknown[] = []
        for (let read = 0; read < reads; read++) {
          const result = cursor.next()
          if (result.done === true) return got
          got.push(result.value)
          await nextTurn()
        }
        cursor.return?.()
        return got
      },
      counts: (outcome) => ({ scan: { entries: (outcome as { value: unknown[] }).value.length } }),
    }
  }

  #collect(): LmdbStep {
    return { name: 'a collection', run: async ({ registry }) => await registry?.collectors.collectNow(), counts: {} }
  }

  /** Probes the store as a health check does. */
  #probe(): LmdbStep {
    return {
      name: 'a probe',
      run: async ({ registry }) => {
        const store = registry?.stores.list().at(-1)
        const probe = store?.probe()
        if (probe?.write === undefined) return 'works'
        await probe.write('__probe', 'a')
        const value = await probe.read('__probe')
        await probe.remove?.('__probe')
        return value === 'a' ? 'works' : `the probe read ${value}`
      },
      counts: {},
    }
  }

  /** Compares the gauges and the counters of transactions with what is in the other store, and with the data file. */
  #checkGauges(): LmdbStep {
    const names = new Set(this.#alive.map(({ name }) => name))
    const alive = [...this.#alive]
    return {
      name: 'a collection, with its gauges',
      run: async ({ registry, path }) => {
        const bare = this.#bare
        if (registry === undefined || bare === undefined) return 'right'
        await registry.collectors.collectNow()
        const value = (name: string) => registry.getAllMetrics().find((metric) => metric.name === name)?.value
        const stats = (database: Database) => database.getStats() as { entryCount: number }
        const { entryCount } = stats(bare.root)
        const named = [...names].map((name) => stats(find(bare, alive.find((handle) => handle.name === name) as Handle)))
        const entries = named.reduce((sum: number, one) => sum + one.entryCount, entryCount - named.length)
        const wrong: string[] = []
        const compare = (what: string, got: unknown, wanted: unknown) => {
          if (got !== wanted) wrong.push(`${what}: ${String(wanted)} expected, got ${String(got)}`)
        }
        compare('entries', value('db_entries'), entries)
        compare('commits', value('db_transaction_commits_total'), this.#commits)
        compare('aborts', value('db_transaction_aborts_total'), this.#aborts)
        const { free, total, inTrees } = readDataFile(`${path}/data.mdb`)
        compare('pages', total, free.size + inTrees.size)
        compare('free bytes', value('db_free_bytes'), entryCount === named.length ? free.size * 4096 : undefined)
        return wrong.length === 0 ? 'right' : wrong.join('; ')
      },
      counts: {},
    }
  }
}

/** lmdb commits what was written before the callback of a batch threw. */
async function throwInBatch(database: Database, write: () => void): Promise<unknown> {
  try {
    return await database.batch(() => {
      write()
      throw new RangeError('the callback failed')
    })
  } finally {
    await database.committed
  }
}

/** Returns a value without the class that lmdb gives objects which it reads: a cache may have the one that was written. */
function copy(value: unknown): unknown {
  return typeof value === 'object' && value !== null && !Buffer.isBuffer(value) ? { ...value } : value
}

/** An entry of a cache also has its place there. */
function readEntry(database: Database, key: string): unknown {
  const { value, version } = database.getEntry(key) ?? {}
  return { value, version }
}

function find({ root, handles }: LmdbState, { id }: Handle): Database {
  return id === 0 ? root : (handles.get(id) as Database)
}

function failed(outcome: Outcome): number {
  return 'error' in outcome ? 1 : 0
}

/** Runs actions in a transaction. Errors of children are results. */
function perform(database: Database, actions: readonly Action[], isRoot: boolean, abort: unknown): ActionResult[] {
  return actions.map((did) => performOne(database, did, isRoot, abort))
}

function performOne(database: Database, did: Action, isRoot: boolean, abort: unknown): ActionResult {
  if (did.does === 'child') return performChild(database, did, isRoot, abort)
  if (did.does === 'put') return { did, result: Reflect.get(database.put(did.key, did.value), 'result') }
  if (did.does === 'remove') return { did, result: Reflect.get(database.remove(did.key), 'result') }
  if (did.does === 'putSync') return { did, result: database.putSync(did.key, did.value as never) }
  if (did.does === 'removeSync') return { did, result: database.removeSync(did.key) }
  if (did.does === 'get') return { did, result: copy(database.get(did.key)) }
  if (did.does === 'doesExist') return { did, result: database.doesExist(did.key) }
  if (did.does === 'getKeys') return { did, result: [...database.getKeys({ start: 'k', end: 'l' })] }
  // The entries of the root are also the other databases.
  if (!isRoot) database.clearSync()
  return { did, result: isRoot }
}

function performChild(database: Database, did: ChildTransaction, isRoot: boolean, abort: unknown): ActionResult {
  const inner: ActionResult[] = []
  const callback = (): unknown => {
    inner.push(...perform(database, did.actions, isRoot, abort))
    if (did.ending === 'throws') throw new RangeError('the child failed')
    return did.ending === 'aborts' ? abort : 'committed'
  }
  try {
    return { did, result: Reflect.apply(database.childTransaction, database, [callback]), inner }
  } catch (error) {
    return { did, result: (error as Error).message, inner }
  }
}

/** Counts the writes that succeeded, without those of children that did not commit. */
function countEntries(results: readonly ActionResult[]): number {
  return results.reduce((sum, { did, result, inner = [] }) => {
    if (did.does === 'child') return did.ending === 'commits' ? sum + countEntries(inner) : sum
    const isWrite = ['put', 'putSync', 'remove', 'removeSync'].includes(did.does)
    return isWrite && result === true ? sum + 1 : sum
  }, 0)
}

/** Counts what is an operation of its own inside of a transaction. */
function countReads(results: readonly ActionResult[]): Counts {
  const counts = { get: 0, has: 0, clear: 0, scans: 0, entries: 0 }
  const add = (actions: readonly ActionResult[]): void => {
    for (const { did, result, inner } of actions) {
      if (did.does === 'get') counts.get++
      else if (did.does === 'doesExist') counts.has++
      else if (did.does === 'clearSync') counts.clear += result === true ? 0 : 1
      else if (did.does === 'getKeys') {
        counts.scans++
        counts.entries += (result as []).length
      } else if (inner !== undefined) add(inner)
    }
  }
  add(results)
  const { get, has, clear, scans, entries } = counts
  return { get, has, clear, scan: { operations: scans, entries } }
}
