import { execFileSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { folder } from './folders.ts'

/**
 * Holds all threads of the pool for so long with work that no store has to do with, and that takes no CPU: opening a pipe that
 * nobody writes to. Resolves when they are free again.
 */
export async function holdPool(threads: number, ms: number): Promise<void> {
  const pipe = join(folder(), 'pipe')
  execFileSync('mkfifo', [pipe])
  const opened = Array.from({ length: threads }, () => open(pipe, 'r'))
  await new Promise((resolve) => setTimeout(resolve, ms))
  // Opened for reading and writing, a pipe waits for nobody; and now it has a writer.
  const writer = openSync(pipe, 'r+')
  for (const handle of await Promise.all(opened)) await handle.close()
  closeSync(writer)
}
