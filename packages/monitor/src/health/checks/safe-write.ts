import type { MeasuredStore } from '@wombat/instrumentation'
import { readDirectory } from './disk-space.ts'

/** More than one small commit of LMDB takes: the pages down to the key, and those that list the free ones. */
const roomBytes = 2 ** 20

/**
 * Whether a write that fails would be no more than that. lmdb (3.5) leaves a rejected promise of its own behind when a commit
 * fails, which nobody can handle: it ends a process that does not listen for such. A process that only reads would not have
 * met it, so where a commit is bound to fail we do not make it. What is wrong with the volume is for the check of the disk.
 */
export async function isSafeToWrite(store: MeasuredStore): Promise<boolean> {
  const folder = store.engine === 'lmdb' ? store.directory() : undefined
  if (folder === undefined) return true
  const reading = await readDirectory(folder, true)
  return reading.state === 'undetermined' || (reading.state === 'known' && reading.volume.availableBytes >= roomBytes)
}
