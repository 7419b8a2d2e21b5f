import { readFileSync } from 'node:fs'

/** What the newest commit in a data file contains. */
export interface DataFilePages {
  readonly total: number
  /** Pages of the trees, and the two meta pages. */
  readonly inTrees: ReadonlySet<number>
  /** Pages on the list of free pages. */
  readonly free: ReadonlySet<number>
}

interface Tree {
  readonly hasDuplicates: boolean
  readonly root: number
}

const pageHeaderBytes = 24
const nodeHeaderBytes = 8
/** Bytes of LMDB's `MDB_db`. */
const treeBytes = 48

/**
 * Reads the data file of an LMDB with the format of lmdb 2 and 3 (data version 2 of LMDB 0.9.90), without LMDB: it follows every
 * page from the newest meta page. For tests on little-endian machines with 64 bits, with pages of 4096 bytes.
 */
export function readDataFile(path: string): DataFilePages {
  const file = readFileSync(path)
  const pageBytes = 4096
  const word = (at: number): number => Number(file.readBigInt64LE(at))
  const readTree = (at: number): Tree => ({ hasDuplicates: (file.readUInt16LE(at + 4) & 4) !== 0, root: word(at + 40) })
  const metas = [0, 1].map((page) => {
    const at = page * pageBytes + pageHeaderBytes
    const [freeTree, mainTree, lastPage] = [at + 24, at + 24 + treeBytes, at + 24 + 2 * treeBytes]
    return {
      free: readTree(freeTree),
      main: readTree(mainTree),
      total: word(lastPage) + 1,
      transaction: word(lastPage + 8),
    }
  })
  const [meta] = metas.sort((a, b) => b.transaction - a.transaction)
  if (meta === undefined) throw new Error('no meta page')
  const inTrees = new Set([0, 1])
  const take = (page: number): void => {
    if (inTrees.has(page)) throw new Error(`page ${page} is used twice`)
    inTrees.add(page)
  }

  /** Visits the nodes of the leaves: whether it is a database or the values of a key, and where its data are. */
  const walk = ({ root }: Tree, visit: (flags: number, dataAt: number) => void): void => {
    if (root < 0) return
    take(root)
    const at = root * pageBytes
    const [isBranch, isLeaf2] = [(file.readUInt16LE(at + 18) & 1) !== 0, (file.readUInt16LE(at + 18) & 0x20) !== 0]
    // A leaf of values of one size has no nodes.
    if (isLeaf2) return
    const nodes = file.readUInt16LE(at + 20) >> 1
    for (let index = 0; index < nodes; index++) {
      const node = at + pageHeaderBytes + file.readUInt16LE(at + pageHeaderBytes + index * 2)
      const [low, high, flags, keyBytes] = [0, 2, 4, 6].map((offset) => file.readUInt16LE(node + offset)) as [
        number,
        number,
        number,
        number,
      ]
      if (isBranch) {
        walk({ hasDuplicates: false, root: low + high * 2 ** 16 + flags * 2 ** 32 }, visit)
        continue
      }
      let dataAt = node + nodeHeaderBytes + keyBytes
      if ((flags & 1) !== 0) {
        // A value on pages of its own.
        const [first, count] = [word(dataAt), word(dataAt + 16)]
        for (let page = first; page < first + count; page++) take(page)
        dataAt = first * pageBytes + pageHeaderBytes
      }
      visit(flags, dataAt)
    }
  }
  walk(meta.main, (flags, dataAt) => {
    if ((flags & 2) === 0) return
    walk(readTree(dataAt), (innerFlags, innerAt) => {
      if ((innerFlags & 2) !== 0) walk(readTree(innerAt), () => {})
    })
  })
  const free = new Set<number>()
  walk(meta.free, (_flags, dataAt) => {
    const length = word(dataAt)
    for (let index = 1; index <= length; index++) {
      const entry = word(dataAt + index * 8)
      // 0 is a gap; a negative number is how many pages follow the next one.
      const [first, count] = entry < 0 ? [word(dataAt + ++index * 8), -entry] : [entry, entry === 0 ? 0 : 1]
      for (let page = first; page < first + count; page++) {
        if (free.has(page) || inTrees.has(page)) throw new Error(`page ${page} is free twice, or used`)
        free.add(page)
      }
    }
  })
  return { total: meta.total, inTrees, free }
}
