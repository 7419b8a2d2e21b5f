import { readFile, readlink, realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { isMissing } from '../files/descriptor.ts'
import { readdir, stat } from '../files/file-access.ts'
import { fileSlots } from '../files/slots.ts'

/** Linux reports CPU time in `/proc` in hundredths of a second, whatever the kernel's own clock rate (proc(5), USER_HZ). */
const ticksPerSecond = 100

/** Resolving an open file takes some microseconds. A process with more open files is not searched for other RocksDBs. */
const maxOpenFiles = 2000

/**
 * Returns the CPU seconds of each thread that flushes or compacts, for all RocksDBs of this process; undefined if there is no
 * `/proc`.
 */
export async function readBackgroundThreads(folder = '/proc/self/task'): Promise<ReadonlyMap<string, number> | undefined> {
  const seconds = new Map<string, number>()
  let threads: string[]
  try {
    threads = await readdir(folder)
  } catch {
    return undefined
  }
  const reads = Promise.all(
    threads.map(async (thread) => {
      const line = await fileSlots.run(() => readFile(join(folder, thread, 'stat'), 'latin1')).catch(emptyIfEnded)
      const stat = parseThreadStat(line)
      if (stat !== undefined && /^rocksdb:(low|high|bottom)$/.test(stat.name)) seconds.set(thread, stat.cpuSeconds)
    }),
  )
  // A thread that is missing now would later count with all its time.
  return reads.then(
    () => seconds,
    () => undefined,
  )
}

/** Returns no text for a thread that has ended meanwhile. @throws any other error. */
function emptyIfEnded(error: unknown): string {
  if (isMissing(error) || (error as { code?: unknown }).code === 'ESRCH') return ''
  throw error
}

/**
 * Parses `/proc/<pid>/task/<tid>/stat`: the name is in parentheses and may contain parentheses; user and system time are the
 * fields 14 and 15.
 */
export function parseThreadStat(line: string): { readonly name: string; readonly cpuSeconds: number } | undefined {
  const [, name, rest] = /^\d+ \((.*)\) (.*)/s.exec(line) ?? []
  if (name === undefined || rest === undefined) return undefined
  const fields = rest.split(' ')
  const ticks = Number(fields[11]) + Number(fields[12])
  return Number.isFinite(ticks) ? { name, cpuSeconds: ticks / ticksPerSecond } : undefined
}

/**
 * Returns whether the RocksDB in this folder is the only one that this process has open for writing, measured or not. Each
 * keeps its MANIFEST open, and has a file IDENTITY, which LevelDB does not have. Returns false if that cannot be determined.
 */
export async function isOnlyRocksDB(folder: string, openFiles = '/proc/self/fd'): Promise<boolean> {
  try {
    const own = await realpath(folder)
    const names = await readdir(openFiles)
    if (names.length > maxOpenFiles) return false
    const paths = await Promise.all(names.map((name) => readlink(join(openFiles, name)).catch(() => '')))
    const folders = new Set(paths.filter((path) => basename(path).startsWith('MANIFEST-')).map(dirname))
    const rocksdbs = await Promise.all(
      [...folders].map((found) =>
        stat(join(found, 'IDENTITY')).then(
          () => found,
          () => undefined,
        ),
      ),
    )
    const others = rocksdbs.filter((found) => found !== undefined && found !== own)
    return folders.has(own) && others.length === 0
  } catch {
    return false
  }
}

/** Measures the CPU time of RocksDB's background threads, if the process has only one RocksDB. */
export class BackgroundCpu {
  readonly #folder: string
  #before: ReadonlyMap<string, number> | undefined

  constructor(folder: string) {
    this.#folder = folder
  }

  /**
   * Returns the CPU seconds since the last call; 0 the first time. Undefined while another RocksDB is open in this process, or
   * may be: all of them share the threads.
   */
  async next(): Promise<number | undefined> {
    const before = this.#before
    const isAlone = await isOnlyRocksDB(this.#folder)
    this.#before = isAlone ? await readBackgroundThreads() : undefined
    if (this.#before === undefined) return undefined
    return before === undefined ? 0 : cpuSecondsBetween(before, this.#before)
  }
}

/** Returns the CPU seconds between two reads. A new thread counts from its start. */
export function cpuSecondsBetween(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): number {
  let seconds = 0
  for (const [thread, now] of after) seconds += Math.max(0, now - (before.get(thread) ?? 0))
  return seconds
}
