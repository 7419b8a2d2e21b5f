import type { InstantSeries } from '../../api/types.ts'

/** From how many files in level 0 on an engine compacts, slows writers down and stops them. */
export interface FileLimits {
  readonly compaction: number
  readonly slowdown: number
  readonly stop: number
}

/** One level of an LSM tree. What is unknown is left out. */
export interface Level {
  readonly level: number
  readonly files: number
  readonly bytes: number
  /** The size from which on the engine compacts it. Level 0 and the deepest one have none. */
  readonly targetBytes?: number
  /** The size as a share of the target. */
  readonly fill?: number
  /** The size as a share of all levels. */
  readonly share: number
}

export interface LevelTree {
  /** Level 0 first. Empty levels below the deepest one with files are left out. */
  readonly levels: readonly Level[]
  /** How many levels there are, with the empty ones. */
  readonly levelCount: number
  readonly totalBytes: number
  readonly totalFiles: number
}

const mebibyte = 2 ** 20
const multiplier = 10

/** What an engine does with its levels. */
interface LevelRules {
  /** Fixed when the engine, or its binding, is built. */
  readonly fileLimits: FileLimits
  /** Returns the target of each level; undefined for a level without one. */
  readonly targets: (bytes: readonly number[]) => readonly (number | undefined)[]
}

/** LevelDB: level 1 has 10 MiB, and each further level ten times that of the one before (`MaxBytesForLevel`). */
function leveldbTargets(bytes: readonly number[]): readonly (number | undefined)[] {
  return bytes.map((_, level) =>
    level === 0 || level === bytes.length - 1 ? undefined : 10 * mebibyte * multiplier ** (level - 1),
  )
}

/**
 * RocksDB with dynamic level sizes (`CalculateBaseBytes`): the deepest level has what it has, each level above a tenth of it, but not less
 * than 256 MiB. Levels above the first one that is used stay empty.
 */
function rocksdbTargets(bytes: readonly number[]): readonly (number | undefined)[] {
  const last = bytes.length - 1
  const largest = Math.max(0, ...bytes.slice(1))
  return bytes.map((size, level) => {
    if (level === 0 || level === last || size === 0) return undefined
    return Math.max(256 * mebibyte, largest / multiplier ** (last - level))
  })
}

/** By engine: LevelDB's numbers are constants in its source, and RocksDB's cannot be changed through rocksdb-native. */
const rules: Readonly<Record<string, LevelRules>> = {
  leveldb: { fileLimits: { compaction: 4, slowdown: 8, stop: 12 }, targets: leveldbTargets },
  rocksdb: { fileLimits: { compaction: 4, slowdown: 20, stop: 36 }, targets: rocksdbTargets },
}

/** Returns when an engine compacts level 0, slows writers down and stops them; undefined if it is unknown. */
export function fileLimitsOf(engine: string | undefined): FileLimits | undefined {
  return rules[engine ?? '']?.fileLimits
}

/** Arranges the values of `db_level_files` and `db_level_bytes` as a tree; undefined if there are none. */
export function arrangeLevels(series: readonly InstantSeries[], engine: string | undefined): LevelTree | undefined {
  const files = readLevels(series, 'db_level_files')
  const bytes = readLevels(series, 'db_level_bytes')
  const levelCount = Math.max(files.length, bytes.length)
  if (levelCount === 0) return undefined
  const sizes = Array.from({ length: levelCount }, (_, level) => bytes[level] ?? 0)
  const targets = rules[engine ?? '']?.targets(sizes) ?? []
  const totalBytes = sizes.reduce((sum, size) => sum + size, 0)
  const deepest = Math.max(
    1,
    files.findLastIndex((count) => count > 0),
  )
  const levels = sizes.slice(0, deepest + 1).map((size, level): Level => {
    const targetBytes = targets[level]
    return {
      level,
      files: files[level] ?? 0,
      bytes: size,
      ...(targetBytes !== undefined && { targetBytes, fill: size / targetBytes }),
      share: totalBytes > 0 ? size / totalBytes : 0,
    }
  })
  return { levels, levelCount, totalBytes, totalFiles: files.reduce((sum, count) => sum + count, 0) }
}

/** Returns the values by level. */
function readLevels(series: readonly InstantSeries[], metric: string): number[] {
  const values: number[] = []
  for (const { metric: name, labels, value } of series) {
    const level = Number(labels['level'])
    if (name === metric && Number.isInteger(level) && typeof value === 'number') values[level] = (values[level] ?? 0) + value
  }
  return Array.from(values, (value) => value ?? 0)
}

/** A run of levels: one with files, or several empty ones that are drawn as one line. */
export type LevelRow =
  | { readonly kind: 'level'; readonly level: Level }
  | { readonly kind: 'empty'; readonly from: number; readonly to: number }

/** Joins empty levels, from level 1 on. RocksDB leaves the upper levels empty while a store is small. */
export function joinEmptyLevels(levels: readonly Level[]): readonly LevelRow[] {
  const rows: LevelRow[] = []
  for (const level of levels) {
    const previous = rows.at(-1)
    if (level.level === 0 || level.files > 0) rows.push({ kind: 'level', level })
    else if (previous?.kind === 'empty') rows[rows.length - 1] = { ...previous, to: level.level }
    else rows.push({ kind: 'empty', from: level.level, to: level.level })
  }
  return rows
}
