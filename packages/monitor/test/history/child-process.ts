import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { nodeFlags } from '@wombat/test-support/type-stripping'
import { onTestFinished } from 'vitest'

// Node 22 warns of its SQLite.
const flags = [...nodeFlags, '--disable-warning=ExperimentalWarning', '--conditions=source']

/** A process that runs a program of this folder, and everything that it says. */
export function start(program: string, ...args: readonly string[]): { child: ChildProcess; said: { out: string; err: string } } {
  const child = spawn(process.execPath, [...flags, join(import.meta.dirname, program), ...args])
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  const said = { out: '', err: '' }
  child.stdout.on('data', (data) => {
    said.out += data
  })
  child.stderr.on('data', (data) => {
    said.err += data
  })
  return { child, said }
}

/** Kills a process as nothing can be caught, and waits until it is gone. */
export async function killed(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'close')
}
