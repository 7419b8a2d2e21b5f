import { execFileSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Holds all threads of the pool for `ms` milliseconds with work that is not a store's and takes no CPU: opening a pipe that
 * in `folder` that has no writer. They are held when the call returns. Resolves when the threads are free again.
 */
export async function holdThreadPool(folder: string, threads: number, ms: number): Promise<void> {
  const pipe = join(folder, 'pipe')
  execFileSync('mkfifo', [pipe])
  const opened = Array.from({ length: threads }, () => open(pipe, 'r'))
  await new Promise((resolve) => setTimeout(resolve, ms))
  // Opening a pipe for reading and writing does not wait, and gives it a writer.
  const writer = openSync(pipe, 'r+')
  for (const handle of await Promise.all(opened)) await handle.close()
  closeSync(writer)
}
