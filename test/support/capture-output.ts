import type { ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'

/** What a process has written so far, and how it ends. */
export interface CapturedOutput {
  readonly written: { readonly output: string; readonly errors: string }
  /** Resolves to the exit code, or to the signal that ended it, after its last output. */
  readonly ended: Promise<number | NodeJS.Signals | null>
}

/** Collects standard output and standard error of a process from now on. */
export function captureOutput(child: ChildProcessByStdio<Writable | null, Readable, Readable>): CapturedOutput {
  const written = { output: '', errors: '' }
  child.stdout.on('data', (data: Buffer) => {
    written.output += data
  })
  child.stderr.on('data', (data: Buffer) => {
    written.errors += data
  })
  // `exit` can come before the last output; `close` cannot.
  const ended = once(child, 'close').then(([code, signal]) => code ?? signal)
  return { written, ended }
}
