import { execFileSync } from 'node:child_process'
import { onTestFinished } from 'vitest'

/** Mounts a file system in memory over a folder until the end of the test. Returns false if this machine does not allow it. */
export function mountTmpfs(folder: string, options: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'ignore' })
  } catch {
    return false
  }
  // Lazily, because a store may still have files open there.
  onTestFinished(() => {
    execFileSync('umount', ['-l', folder], { stdio: 'ignore' })
  })
  return true
}

/** Why a test that needs `mountTmpfs` was skipped. */
export const cannotMount = 'no file system can be mounted here: that takes root'
