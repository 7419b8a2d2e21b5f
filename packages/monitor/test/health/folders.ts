import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A folder of its own, gone after the test. */
export function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'health-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

/** A file system in memory over this folder; false where this machine does not let us. Unmounted after the test, come what may. */
export function mounted(at: string, options: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', at], { stdio: 'ignore' })
  } catch {
    return false
  }
  // Lazily: a store may still have files open there.
  onTestFinished(() => {
    execFileSync('umount', ['-l', at], { stdio: 'ignore' })
  })
  return true
}

export const noMount = 'no file system can be mounted here: that takes root'
