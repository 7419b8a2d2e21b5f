import { endianness } from 'node:os'
import { findBaseClass, isEnvironmentOpen, type LmdbDatabase, type LmdbEnvironment } from './lmdb-environment.ts'

/** One tree of pages. */
export interface LmdbTree {
  readonly pages: number
  readonly entries: number
  /** Whether a key may have several values. Those of a key with many of them are pages that are not counted. */
  readonly hasDuplicates: boolean
}

/** What one snapshot of an environment shows. */
export interface LmdbReading {
  readonly pageBytes: number
  readonly mapBytes: number
  readonly lastPage: number
  readonly main: LmdbTree
  /** The tree that lists the free pages. */
  readonly freeList: LmdbTree
  /** The databases that exist, of those asked for. */
  readonly named: ReadonlyMap<string, LmdbTree>
  /** Whether all of it, with the last page, is the state after one commit, the last one. */
  readonly isLastCommit: boolean
  /** The reader table before this reading, which takes a slot itself; undefined if the environment has none. */
  readonly readers: ReaderTable | undefined
}

/** The table of LMDB's readers. */
export interface ReaderTable {
  readonly slots: number
  /** Slots that a process holds: it keeps a slot between two transactions, and until a check if it died. */
  readonly usedSlots: number
  /** Read transactions that are open now. */
  readonly snapshots: number
}

interface NativeEnvironment extends LmdbEnvironment {
  info(): { mapSize: number; lastPageNumber: number; lastTxnId: number; maxReaders: number }
  freeStat(): NativeTree
  readerList(): string[]
}

interface NativeTree {
  readonly pageSize: number
  readonly treeBranchPageCount: number
  readonly treeLeafPageCount: number
  readonly overflowPages: number
  readonly entryCount: number
}

/** A handle of LMDB. */
interface NativeHandle {
  readonly address: number
  stat(): NativeTree
}

type NativeHandleClass = new (
  environment: LmdbEnvironment,
  flags: number,
  name: null,
  keyType: number,
  compression: object | undefined,
) => NativeHandle

/** Options of a root that its handle depends on. */
export interface RootOptions {
  readonly useVersions?: boolean
  readonly compression?: object
}

/** Methods of a database that are called with another handle. */
interface ReadMethods {
  ensureReadTxn(): void
  resetReadTxn(): void
  getBinary(key: Uint8Array): Uint8Array | undefined
}

const isLittleEndian = endianness() === 'LE'

/** lmdb's `keyIsBuffer`. */
const binaryKeys = 3

/** A key of 4 bytes is valid in every main database, also in one with integer keys. */
const someKey = new Uint8Array(4)

/** lmdb's flag of a database with `useVersions`. */
const versionsFlag = 0x100

/** `MDB_DUPSORT` of `lmdb.h`. */
const duplicatesFlag = 0x04

/**
 * Reads an environment through its main database only, whatever became of its other databases.
 *
 * A named database ends for all of its handles when one of them is dropped or closed, when the transaction that opened it is
 * aborted, or when another thread or process drops it; LMDB then gives its slot to the next database that is opened. Nothing
 * in JavaScript shows that, and asking such a handle for its statistics returns uninitialized memory or those of another
 * database, or ends the process. So no handle of a named database is ever asked. The two databases that LMDB itself opens in
 * each environment, the main one and the list of free pages, cannot be dropped or closed. The main database has an entry for
 * each named one, with its statistics: that it is there, in the snapshot that is read, is the proof that the database exists.
 *
 * It has a handle of its own, because lmdb also invalidates the user's handle of the main database (`dropSync` of the root), and
 * calls lmdb's methods with it, so that lmdb begins and resets the read transaction as for a read of the user. A listener for
 * `begin-transaction` does not see it.
 */
export class LmdbMainDatabase {
  readonly #environment: NativeEnvironment
  readonly #Handle: NativeHandleClass
  readonly #methods: ReadMethods
  #handle: NativeHandle | undefined
  #hasBegun = false

  constructor(database: LmdbDatabase) {
    this.#environment = database.env as NativeEnvironment
    this.#Handle = database.db.constructor as NativeHandleClass
    this.#methods = Object.create(findBaseClass(database), {
      // The only event: the read transaction begins.
      emit: {
        value: () => {
          this.#hasBegun = true
        },
      },
      writeKey: {
        value: (key: Uint8Array, target: Uint8Array, position: number) => {
          target.set(key, position)
          return position + key.length
        },
      },
      compression: { value: undefined },
      dbAddress: { get: () => this.#handle?.address },
      lastSize: { value: 0, writable: true },
    })
  }

  /** Returns whether a database with this name exists; undefined if the environment is closed. */
  has(name: string): boolean | undefined {
    return this.#inTransaction(() => this.#readNamed(name) !== undefined)
  }

  /** Reads the statistics; undefined if the environment is closed. */
  read(names: Iterable<string>): LmdbReading | undefined {
    const environment = this.#environment
    if (!isEnvironmentOpen(environment)) return undefined
    const readers = environment.readerList()
    return this.#inTransaction((handle) => {
      const main = handle.stat()
      const named = new Map<string, LmdbTree>()
      for (const name of names) {
        const tree = this.#readNamed(name)
        if (tree !== undefined) named.set(name, tree)
      }
      const freeList = toTree(environment.freeStat())
      const { mapSize, lastPageNumber, lastTxnId, maxReaders } = environment.info()
      return {
        pageBytes: main.pageSize,
        mapBytes: mapSize,
        lastPage: lastPageNumber,
        main: toTree(main),
        freeList,
        named,
        isLastCommit: this.#hasBegun && isSnapshotOf(lastTxnId, readers, environment.readerList()),
        readers: parseReaders(readers, maxReaders),
      }
    })
  }

  /**
   * Begins or continues a transaction, as lmdb does for a read. If it began, it is reset, so that a later read of the user in this
   * turn sees what it would see without this one. Returns undefined if the environment is closed.
   *
   * @throws the error of LMDB if it cannot be read.
   */
  #inTransaction<Result>(read: (handle: NativeHandle) => Result): Result | undefined {
    if (!isEnvironmentOpen(this.#environment)) return undefined
    this.#hasBegun = false
    this.#methods.ensureReadTxn()
    try {
      // This changes nothing: the main database is open in every environment.
      this.#handle ??= new this.#Handle(this.#environment, 0, null, binaryKeys, undefined)
      // Throws if the transaction cannot be used: `stat()` would ignore that, and return garbage.
      this.#methods.getBinary(someKey)
      return read(this.#handle)
    } finally {
      if (this.#hasBegun) this.#methods.resetReadTxn()
    }
  }

  /** Reads the entry of a named database: LMDB's `MDB_db`. A value of another size is an entry of the user. */
  #readNamed(name: string): LmdbTree | undefined {
    // LMDB's names end at the first NUL, which is part of the key.
    const bytes = this.#methods.getBinary(Buffer.from(`${name.split('\0', 1)[0]}\0`))
    if (bytes === undefined) return undefined
    // After 8 bytes with the flags: branch pages, leaf pages, overflow pages, entries and the root page.
    const wordBytes = (bytes.length - 8) / 5
    if (wordBytes !== 8 && wordBytes !== 4) return undefined
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const word = (index: number): number => {
      const at = 8 + index * wordBytes
      return wordBytes === 8 ? Number(view.getBigUint64(at, isLittleEndian)) : view.getUint32(at, isLittleEndian)
    }
    return {
      pages: word(0) + word(1) + word(2),
      entries: word(3),
      hasDuplicates: (view.getUint16(4, isLittleEndian) & duplicatesFlag) !== 0,
    }
  }
}

/**
 * Returns a function that reads a key of the main database with the root's options, but without its cache and with a handle of its
 * own, for the reason that `LmdbMainDatabase` gives. Call it only while the environment is open.
 */
export function createRootReader<Root extends LmdbDatabase & RootOptions>(root: Root): (key: unknown) => unknown {
  const { env } = root
  const Handle = root.db.constructor as NativeHandleClass
  let hasBegun = false
  let handle: NativeHandle | undefined
  const view: Root & ReadMethods = Object.create(root, {
    emit: {
      value: () => {
        hasBegun = true
      },
    },
    dbAddress: { get: () => handle?.address },
    lastSize: { value: 0, writable: true },
  })
  const get: (this: object, key: unknown) => unknown = Reflect.get(findBaseClass(root), 'get')
  return (key) => {
    hasBegun = false
    view.ensureReadTxn()
    try {
      handle ??= new Handle(env, root.useVersions === true ? versionsFlag : 0, null, binaryKeys, root.compression)
      return get.call(view, key)
    } finally {
      if (hasBegun) view.resetReadTxn()
    }
  }
}

/** The main database can have no duplicates if it has entries of named databases. */
function toTree({ treeBranchPageCount, treeLeafPageCount, overflowPages, entryCount }: NativeTree): LmdbTree {
  return { pages: treeBranchPageCount + treeLeafPageCount + overflowPages, entries: entryCount, hasDuplicates: false }
}

/** A line of the reader table: a process, a thread and its transaction; `-` if it has none. */
const readerLine = /^\s*\d+\s+[0-9a-f]+\s+(\d+|-)\s*$/i

function parseReaders(lines: readonly string[], slots: number): ReaderTable | undefined {
  // A database for reading on a volume for reading has no lock file.
  if (lines.some((line) => line.includes('no reader locks'))) return undefined
  const transactions = lines.map((line) => readerLine.exec(line)?.[1]).filter((transaction) => transaction !== undefined)
  return { slots, usedSlots: transactions.length, snapshots: transactions.filter((transaction) => transaction !== '-').length }
}

/**
 * Returns whether the transaction that began between the two states of the reader table shows this commit. The line of a slot
 * contains the thread that took it, so no other reader can hide that transaction.
 */
function isSnapshotOf(commit: number, before: readonly string[], after: readonly string[]): boolean {
  const remaining = [...before]
  const begun = after.filter((line) => {
    const index = remaining.indexOf(line)
    if (index === -1) return true
    remaining.splice(index, 1)
    return false
  })
  const transactions = begun.map((line) => readerLine.exec(line)?.[1]).filter((one) => one !== undefined && one !== '-')
  return transactions.length > 0 && transactions.every((transaction) => Number(transaction) === commit)
}
