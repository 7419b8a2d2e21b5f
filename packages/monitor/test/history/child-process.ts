import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { nodeFlags } from '@wombat/test-support/type-stripping'
import { onTestFinished } from 'vitest'

// Node 22 prints a warning about node:sqlite.
const flags = [...nodeFlags, '--disable-warning=ExperimentalWarning', '--conditions=source']

/** What a child process has written so far. */
export interface Output {
  stdout: string
  stderr: string
}

/** Starts a program of this folder in a child process, which is killed when the test ends. */
export function start(program: string, ...args: readonly string[]): { child: ChildProcess; output: Output } {
  const child = spawn(process.execPath, [...flags, join(import.meta.dirname, program), ...args])
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  const output: Output = { stdout: '', stderr: '' }
  child.stdout.on('data', (data) => {
    output.stdout += data
  })
  child.stderr.on('data', (data) => {
    output.stderr += data
  })
  return { child, output }
}

/** Kills a process with SIGKILL, which it cannot handle, and waits until it has ended. */
export async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'close')
}
