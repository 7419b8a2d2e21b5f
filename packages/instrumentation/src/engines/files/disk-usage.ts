import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** What a file of a store is for. */
export type FileKind = 'table' | 'wal' | 'value_log' | 'other'

/** The size of a store's files in bytes, by kind. */
export interface DiskUsage {
  readonly bytes: Readonly<Record<FileKind, number>>
  readonly totalBytes: number
}

/** How many files are read at once: enough to be fast, and few enough to leave threads of the pool free. */
const batchSize = 32

/**
 * Returns the size of the files directly in a folder; undefined if the folder cannot be read. A file that disappears
 * meanwhile counts as 0.
 *
 * @param findKind returns a file's kind by its name; undefined if the file is not the store's.
 * @param knownBytes returns a file's size if it is known already, by its name; then the file is not read.
 */
export async function readDiskUsage(
  folder: string,
  findKind: (name: string) => FileKind | undefined,
  knownBytes: (name: string) => number | undefined = () => undefined,
): Promise<DiskUsage | undefined> {
  const names = await readdir(folder).catch(() => undefined)
  if (names === undefined) return undefined
  const bytes: Record<FileKind, number> = { table: 0, wal: 0, value_log: 0, other: 0 }
  const unknown: Array<[name: string, kind: FileKind]> = []
  for (const name of names) {
    const kind = findKind(name)
    if (kind === undefined) continue
    const knownSize = knownBytes(name)
    if (knownSize === undefined) unknown.push([name, kind])
    else bytes[kind] += knownSize
  }
  for (let start = 0; start < unknown.length; start += batchSize) {
    const batch = unknown.slice(start, start + batchSize)
    const sizes = await Promise.all(batch.map(([name]) => readSize(join(folder, name))))
    batch.forEach(([, kind], index) => {
      bytes[kind] += sizes[index] ?? 0
    })
  }
  return { bytes, totalBytes: bytes.table + bytes.wal + bytes.value_log + bytes.other }
}

async function readSize(path: string): Promise<number> {
  const status = await stat(path).catch(() => undefined)
  return status?.isFile() ? status.size : 0
}
