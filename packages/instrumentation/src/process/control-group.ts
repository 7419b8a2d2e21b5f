import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

/** The memory of the processes that share a memory limit with this process. */
export interface ControlGroupMemory {
  /** The working set: memory in use without inactive file cache, which the kernel reclaims before it kills a process. */
  readonly usedBytes: number
  /** The limit; `undefined` if neither the group nor a parent group has one. */
  readonly limitBytes: number | undefined
}

/** The file names and fields of control groups version 2 (Linux: admin-guide/cgroup-v2.rst). */
const v2 = { used: 'memory.current', limit: 'memory.max', inactive: 'inactive_file' }
/** The file names and fields of control groups version 1 (Linux: cgroup-v1/memory.rst). */
const v1 = { used: 'memory.usage_in_bytes', limit: 'memory.limit_in_bytes', inactive: 'total_inactive_file' }

/** From here on a limit means "no limit": version 1 reports the highest number of pages that fits. */
const unlimitedBytes = 2 ** 60

/**
 * Reads the memory of this process's control group. Of the group and its parents with a limit, returns the one that is
 * closest to its limit; without any limit, the group itself. Returns `undefined` if there are no control groups or they
 * do not count memory.
 *
 * Reads synchronously: the kernel answers without disk access, and a busy thread pool cannot delay the result.
 *
 * @param root the root of the file system (default `/`).
 */
export function readControlGroupMemory(root = '/'): ControlGroupMemory | undefined {
  let fullest: ControlGroupMemory | undefined
  for (const { directory, top, files } of findGroups(root)) {
    for (let current = directory; ; current = dirname(current)) {
      const memory = readMemory(current, files)
      if (memory !== undefined && (fullest === undefined || usedShare(memory) > usedShare(fullest))) fullest = memory
      if (current === top || current === dirname(current)) break
    }
    if (fullest !== undefined) return fullest
  }
  return undefined
}

function usedShare({ usedBytes, limitBytes }: ControlGroupMemory): number {
  return limitBytes === undefined ? -1 : usedBytes / limitBytes
}

interface GroupDirectory {
  readonly directory: string
  /** The root of the hierarchy, which has no parent group. */
  readonly top: string
  readonly files: typeof v1
}

/** Finds the directories of this process's group: a machine may have both versions, and only one of them counts memory. */
function findGroups(root: string): GroupDirectory[] {
  const groups = readLines(join(root, 'proc/self/cgroup')).map((line) => /^\d+:([^:]*):(.*)$/.exec(line) ?? [])
  const directories: GroupDirectory[] = []
  for (const { type, options, within, point } of readMounts(root)) {
    const isV2 = type === 'cgroup2'
    if (!isV2 && !(type === 'cgroup' && options.split(',').includes('memory'))) continue
    const path = groups.find(([, controllers]) => (isV2 ? controllers === '' : controllers?.split(',').includes('memory')))?.[2]
    if (path === undefined) continue
    // A container may see its own group as the top, independent of the path outside.
    const relativePath = relative(within, path)
    const top = join(root, point)
    directories.push({ directory: relativePath.startsWith('..') ? top : join(top, relativePath), top, files: isV2 ? v2 : v1 })
  }
  return directories
}

/** Reads the mounts (proc_pid_mountinfo(5)): the mounted part of the file system (`within`) and the mount point. */
function readMounts(root: string) {
  return readLines(join(root, 'proc/self/mountinfo')).flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ')
    const [, , , within, point] = before.split(' ')
    const [type, , options = ''] = after.split(' ')
    return within === undefined || point === undefined ? [] : [{ type, options, within, point }]
  })
}

function readMemory(directory: string, files: typeof v1): ControlGroupMemory | undefined {
  const usedBytes = readNumber(join(directory, files.used))
  if (usedBytes === undefined) return undefined
  const inactive = readLines(join(directory, 'memory.stat')).find((line) => line.startsWith(`${files.inactive} `))
  const limitBytes = readNumber(join(directory, files.limit))
  return {
    usedBytes: Math.max(0, usedBytes - Number(inactive?.split(' ')[1] ?? 0)),
    limitBytes: limitBytes === undefined || limitBytes >= unlimitedBytes ? undefined : limitBytes,
  }
}

/** Reads a number; `undefined` if the file is missing or contains the word `max`. */
function readNumber(path: string): number | undefined {
  const [line = ''] = readLines(path)
  return /^\d+$/.test(line) ? Number(line) : undefined
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n')
  } catch {
    return []
  }
}
