import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

/** The memory of the processes that share a limit with this one. */
export interface ControlGroupMemory {
  /** The working set: without the files in the page cache that nobody used lately, which the kernel takes back before it kills. */
  readonly usedBytes: number
  /** Undefined where neither the group nor any group around it has a limit. */
  readonly limitBytes: number | undefined
}

/** How the two versions of control groups say the same things (Linux: admin-guide/cgroup-v2.rst, cgroup-v1/memory.rst). */
const v2 = { used: 'memory.current', limit: 'memory.max', inactive: 'inactive_file' }
const v1 = { used: 'memory.usage_in_bytes', limit: 'memory.limit_in_bytes', inactive: 'total_inactive_file' }

/** A limit that nobody set is, in version 1, the largest number of pages that fits. */
const unlimitedBytes = 2 ** 60

/**
 * The memory of the control group that this process is really in: of all groups around it that have a limit, the one that is
 * nearest to it; where none has one, its own. Undefined where there are no control groups, or they do not count memory.
 *
 * Read at once: these files are no files on a disk but answers of the kernel, and a thread pool that is full must not keep us
 * from knowing.
 *
 * @param root where the system's files lie (default `/`).
 */
export function readControlGroupMemory(root = '/'): ControlGroupMemory | undefined {
  let fullest: ControlGroupMemory | undefined
  for (const place of places(root)) {
    for (let folder = place.folder; ; folder = dirname(folder)) {
      const group = memoryOf(folder, place.files)
      if (group !== undefined && (fullest === undefined || share(group) > share(fullest))) fullest = group
      if (folder === place.top || folder === dirname(folder)) break
    }
    if (fullest !== undefined) return fullest
  }
  return undefined
}

function share({ usedBytes, limitBytes }: ControlGroupMemory): number {
  return limitBytes === undefined ? -1 : usedBytes / limitBytes
}

interface Place {
  readonly folder: string
  /** Up to where there are groups around it. */
  readonly top: string
  readonly files: typeof v1
}

/** Where this process' group may be found: a machine may have both versions, and memory is counted by one of them. */
function places(root: string): Place[] {
  const groups = linesOf(join(root, 'proc/self/cgroup')).map((line) => /^\d+:([^:]*):(.*)$/.exec(line) ?? [])
  const found: Place[] = []
  for (const { type, options, within, point } of mounts(root)) {
    const isV2 = type === 'cgroup2'
    if (!isV2 && !(type === 'cgroup' && options.split(',').includes('memory'))) continue
    const path = groups.find(([, controllers]) => (isV2 ? controllers === '' : controllers?.split(',').includes('memory')))?.[2]
    if (path === undefined) continue
    // A container may see its own group as the top, whatever its path is outside.
    const inside = relative(within, path)
    const top = join(root, point)
    found.push({ folder: inside.startsWith('..') ? top : join(top, inside), top, files: isV2 ? v2 : v1 })
  }
  return found
}

/** What is mounted where (proc_pid_mountinfo(5)): of a mount, the part of its file system and the folder it is seen in. */
function mounts(root: string) {
  return linesOf(join(root, 'proc/self/mountinfo')).flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ')
    const [, , , within, point] = before.split(' ')
    const [type, , options = ''] = after.split(' ')
    return within === undefined || point === undefined ? [] : [{ type, options, within, point }]
  })
}

function memoryOf(folder: string, files: typeof v1): ControlGroupMemory | undefined {
  const usedBytes = numberIn(join(folder, files.used))
  if (usedBytes === undefined) return undefined
  const inactive = linesOf(join(folder, 'memory.stat')).find((line) => line.startsWith(`${files.inactive} `))
  const limitBytes = numberIn(join(folder, files.limit))
  return {
    usedBytes: Math.max(0, usedBytes - Number(inactive?.split(' ')[1] ?? 0)),
    limitBytes: limitBytes === undefined || limitBytes >= unlimitedBytes ? undefined : limitBytes,
  }
}

/** Undefined for a file that is not there, and for the word `max`. */
function numberIn(path: string): number | undefined {
  const [line = ''] = linesOf(path)
  return /^\d+$/.test(line) ? Number(line) : undefined
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n')
  } catch {
    return []
  }
}
