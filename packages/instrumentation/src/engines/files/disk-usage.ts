import type { StatsFs } from 'node:fs'
import { readdir, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'

/** What a file of a store is for. */
export type FileKind = 'table' | 'wal' | 'value_log' | 'other'

/** The size of a store's files, by what they are for, in bytes. */
export interface DiskUsage {
  readonly bytes: Readonly<Record<FileKind, number>>
  readonly totalBytes: number
}

/** How many files are looked at together: enough to be quick, few enough that nobody else waits. */
const together = 32

/**
 * Adds up the files directly in a folder; undefined where it cannot be read. Files come and go while we look: one that is
 * gone has no size.
 *
 * @param kindOf what a file is for, by its name; undefined for one that is not the store's.
 * @param knownBytes the size of a file that is known from elsewhere, by its name: it is not looked at.
 */
export async function readDiskUsage(
  folder: string,
  kindOf: (name: string) => FileKind | undefined,
  knownBytes: (name: string) => number | undefined = () => undefined,
): Promise<DiskUsage | undefined> {
  const names = await readdir(folder).catch(() => undefined)
  if (names === undefined) return undefined
  const bytes: Record<FileKind, number> = { table: 0, wal: 0, value_log: 0, other: 0 }
  const unknown: Array<[name: string, kind: FileKind]> = []
  for (const name of names) {
    const kind = kindOf(name)
    if (kind === undefined) continue
    const known = knownBytes(name)
    if (known === undefined) unknown.push([name, kind])
    else bytes[kind] += known
  }
  for (let start = 0; start < unknown.length; start += together) {
    const group = unknown.slice(start, start + together)
    const sizes = await Promise.all(group.map(([name]) => sizeOf(join(folder, name))))
    group.forEach(([, kind], index) => {
      bytes[kind] += sizes[index] ?? 0
    })
  }
  return { bytes, totalBytes: bytes.table + bytes.wal + bytes.value_log + bytes.other }
}

async function sizeOf(path: string): Promise<number> {
  const status = await stat(path).catch(() => undefined)
  return status?.isFile() ? status.size : 0
}

/** The volume under a folder: its space, and how many more files it takes. */
export interface Volume {
  /** What this process may still write: less than what is free, where some is kept for the administrator. */
  readonly availableBytes: number
  readonly capacityBytes: number
  /**
   * Free inodes, those kept for the administrator included: Node does not tell them apart. Undefined where the file system
   * makes as many as it needs (btrfs says that it has none at all) or has no such thing (Windows).
   */
  readonly availableInodes: number | undefined
}

/** Undefined where the folder is not there, or its file system does not say. */
export async function readVolume(folder: string): Promise<Volume | undefined> {
  const status = await statfs(folder).catch(() => undefined)
  return status && parentVolume(status)
}

/** What a file system says of itself as a volume; undefined where it says that it has no blocks. */
export function parentVolume(status: StatsFs): Volume | undefined {
  if (status.blocks === 0) return undefined
  // Blocks are counted in fragments; Node tells their size from version 25 on, and it is that of a block almost everywhere.
  const { frsize } = status as { readonly frsize?: number }
  const blockBytes = frsize || status.bsize
  return {
    availableBytes: status.bavail * blockBytes,
    capacityBytes: status.blocks * blockBytes,
    availableInodes: status.files === 0 ? undefined : status.ffree,
  }
}
