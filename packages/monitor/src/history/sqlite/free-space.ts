import { statfsSync } from 'node:fs'

/**
 * Refuses where the file system of a folder has too little room: the disk is the application's first.
 *
 * @throws Error saying how much is free.
 */
export function assertFreeSpace(folder: string, minFreeBytes: number): void {
  const { bavail, bsize, blocks } = statfsSync(folder)
  // Some file systems do not say how big they are.
  if (blocks === 0) return
  const free = bavail * bsize
  if (free < minFreeBytes)
    throw new Error(
      `${Math.floor(free / 2 ** 20)} MiB are free at ${folder}: below ${Math.ceil(minFreeBytes / 2 ** 20)} MiB nothing is written`,
    )
}
