/** The table files of one level. */
export interface Level {
  readonly files: number
  readonly bytes: number
}

/** Some or all of a store's tables. */
export interface Tables {
  /** Level 0 first. */
  readonly levels: readonly Level[]
  /** The size of each table in bytes, by its number. */
  readonly sizes: ReadonlyMap<number, number>
}

const emptyLevel: Level = { files: 0, bytes: 0 }
const bytesPerMebibyte = 1024 ** 2

/** Parses the property `rocksdb.levelstats`: each level with its number of files and its size, rounded to mebibytes. */
export function parseLevelStats(text: string): Tables {
  const levels: Level[] = []
  for (const [, files, mebibytes] of text.matchAll(/^ *\d+ +(\d+) +(\d+) *$/gm)) {
    levels.push({ files: Number(files), bytes: Number(mebibytes) * bytesPerMebibyte })
  }
  return { levels, sizes: new Map() }
}

/** Parses the property `rocksdb.sstables`: each file of each level with its exact size. */
export function parseTables(text: string): Tables {
  const levels: Level[] = []
  const sizes = new Map<number, number>()
  for (const [, table, size] of text.matchAll(/^(?:--- level \d+ ---| *(\d+):(\d+)\[)/gm)) {
    if (table === undefined) {
      levels.push(emptyLevel)
      continue
    }
    const bytes = Number(size)
    sizes.set(Number(table), bytes)
    const level = levels.pop() ?? emptyLevel
    levels.push({ files: level.files + 1, bytes: level.bytes + bytes })
  }
  return { levels, sizes }
}

/** Adds up the tables of all column families by level. Column families may have different numbers of levels. */
export function mergeTables(families: readonly Tables[]): Tables {
  const depth = Math.max(0, ...families.map(({ levels }) => levels.length))
  const levels = Array.from({ length: depth }, (_, index) =>
    families.reduce((sum, family) => {
      const { files, bytes } = family.levels[index] ?? emptyLevel
      return { files: sum.files + files, bytes: sum.bytes + bytes }
    }, emptyLevel),
  )
  return { levels, sizes: new Map(families.flatMap(({ sizes }) => [...sizes])) }
}
