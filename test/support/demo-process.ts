import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { stopProcess } from './backend-process.ts'
import { cleanEnvironment } from './clean-environment.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** The demo as it was built, in a process of its own. It ends with the test that started it, also when that fails. */
export interface Demo {
  /** What it has written so far. */
  readonly written: { readonly output: string; readonly errors: string }
  /** Where its doors are, once it says so. @throws Error with what it wrote when it ends before. */
  addresses(): Promise<{ readonly metrics: string; readonly json: string }>
  send(signal: 'SIGINT' | 'SIGTERM'): void
  /** Nobody reads any more what it writes. */
  closeOutput(): void
  /** How it ended: its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>
  /** What it has left in the folder for temporary files that it was given. */
  remainingFiles(): string[]
}

const main = fileURLToPath(new URL('../../examples/demo/dist/main.js', import.meta.url))

export async function startDemo(...args: string[]): Promise<Demo> {
  return startDemoWithEnvironment({}, ...args)
}

/** The same with variables of the environment. */
export async function startDemoWithEnvironment(environment: Readonly<Record<string, string>>, ...args: string[]): Promise<Demo> {
  if (!existsSync(main)) throw new Error(`${main} is not there: build the workspace first`)
  const folder = await temporaryFolder()
  const env = { ...cleanEnvironment(), TMPDIR: folder, ...environment }
  const child = spawn(process.execPath, [main, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => stopProcess(child))
  const written = { output: '', errors: '' }
  child.stdout.on('data', (data: Buffer) => {
    written.output += data
  })
  child.stderr.on('data', (data: Buffer) => {
    written.errors += data
  })
  // Not `exit`: what it wrote last would still be on its way.
  const ended = once(child, 'close').then(([code, signal]) => code ?? signal)
  const addresses = async () => {
    for (;;) {
      const [, metrics] = /^Prometheus +(http:\S+)$/m.exec(written.output) ?? []
      const [, json] = /^JSON +(http:\S+)$/m.exec(written.output) ?? []
      if (metrics !== undefined && json !== undefined) return { metrics, json }
      if (child.exitCode !== null) throw new Error(`the demo ended with ${child.exitCode}:\n${written.output}${written.errors}`)
      await sleep(10)
    }
  }
  return {
    written,
    addresses,
    send: (signal) => child.kill(signal),
    closeOutput: () => child.stdout.destroy(),
    ended,
    remainingFiles: () => readdirSync(folder),
  }
}
