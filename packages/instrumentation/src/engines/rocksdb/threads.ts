import { readdir, readFile, readlink, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** Linux counts the CPU time it shows in `/proc` in hundredths of a second, whatever the kernel's own clock (proc(5), USER_HZ). */
const ticksPerSecond = 100

/** Looking up what each open file is costs some microseconds; a process with more of them is not asked who else is there. */
const openFilesAsked = 2000

/** CPU time by thread, of the threads that flush and compact for every RocksDB of this process; undefined where there is no `/proc`. */
export async function backgroundThreads(folder = '/proc/self/task'): Promise<ReadonlyMap<string, number> | undefined> {
  const seconds = new Map<string, number>()
  let threads: string[]
  try {
    threads = await readdir(folder)
  } catch {
    return undefined
  }
  await Promise.all(
    threads.map(async (thread) => {
      // It may have ended meanwhile.
      const line = await readFile(join(folder, thread, 'stat'), 'latin1').catch(() => '')
      const own = parseThreadStat(line)
      if (own !== undefined && /^rocksdb:(low|high|bottom)$/.test(own.name)) seconds.set(thread, own.cpuSeconds)
    }),
  )
  return seconds
}

/** A line of `/proc/<pid>/task/<tid>/stat`: the name in parentheses, which may hold some itself, and user and system time as fields 14 and 15. */
export function parseThreadStat(line: string): { readonly name: string; readonly cpuSeconds: number } | undefined {
  const [, name, rest] = /^\d+ \((.*)\) (.*)/s.exec(line) ?? []
  if (name === undefined || rest === undefined) return undefined
  const fields = rest.split(' ')
  const ticks = Number(fields[11]) + Number(fields[12])
  return Number.isFinite(ticks) ? { name, cpuSeconds: ticks / ticksPerSecond } : undefined
}

/**
 * Whether the RocksDB in this folder is the only one that this process has open for writing, be the others measured or
 * not: each keeps its MANIFEST open, and has a file IDENTITY, which a LevelDB has not. False where that cannot be seen.
 */
export async function isOnlyRocksDB(folder: string, openFiles = '/proc/self/fd'): Promise<boolean> {
  try {
    const own = await realpath(folder)
    const names = await readdir(openFiles)
    if (names.length > openFilesAsked) return false
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

/** The CPU time of the engine's threads, where it is one store's. */
export class BackgroundCpu {
  readonly #folder: string
  #before: ReadonlyMap<string, number> | undefined

  constructor(folder: string) {
    this.#folder = folder
  }

  /**
   * Seconds spent since the last call, as far as they are this store's. Undefined while another RocksDB is open in this
   * process, or may be: the threads are there for all of them.
   */
  async next(): Promise<number | undefined> {
    const before = this.#before
    const isAlone = await isOnlyRocksDB(this.#folder)
    this.#before = isAlone ? await backgroundThreads() : undefined
    if (this.#before === undefined) return undefined
    return before === undefined ? 0 : cpuBetween(before, this.#before)
  }
}

/** A thread that was not there before is counted from its beginning. */
export function cpuBetween(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): number {
  let seconds = 0
  for (const [thread, now] of after) seconds += Math.max(0, now - (before.get(thread) ?? 0))
  return seconds
}
