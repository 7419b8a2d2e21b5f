import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { stopProcess } from './backend-process.ts'
import { captureOutput } from './capture-output.ts'
import { cleanEnvironment } from './clean-environment.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** The built demo in a process of its own. It is stopped when the test ends, whether it passes or fails. */
export interface Demo {
  /** The output so far. */
  readonly written: { readonly output: string; readonly errors: string }
  /** Waits until the demo prints its URLs, and returns them. @throws Error with its output if it exits before that. */
  addresses(): Promise<{ readonly metrics: string; readonly json: string }>
  send(signal: 'SIGINT' | 'SIGTERM'): void
  /** Closes the reading end of its standard output. */
  closeOutput(): void
  /** Resolves to the exit code, or to the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>
  /** Returns the names of the files that it left in its temporary folder. */
  remainingFiles(): string[]
}

const main = fileURLToPath(new URL('../../examples/demo/dist/main.js', import.meta.url))

/** Starts the demo with these arguments. */
export async function startDemo(...args: string[]): Promise<Demo> {
  return startDemoWithEnvironment({}, ...args)
}

/** Starts the demo with these arguments and environment variables. */
export async function startDemoWithEnvironment(environment: Readonly<Record<string, string>>, ...args: string[]): Promise<Demo> {
  if (!existsSync(main)) throw new Error(`${main} does not exist: build the workspace first`)
  const folder = await temporaryFolder()
  const env = { ...cleanEnvironment(), TMPDIR: folder, ...environment }
  const child = spawn(process.execPath, [main, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => stopProcess(child))
  const { written, ended } = captureOutput(child)
  const addresses = async () => {
    for (;;) {
      const [, metrics] = /^Prometheus +(http:\S+)$/m.exec(written.output) ?? []
      const [, json] = /^JSON +(http:\S+)$/m.exec(written.output) ?? []
      if (metrics !== undefined && json !== undefined) return { metrics, json }
      if (child.exitCode !== null) throw new Error(`the demo exited with ${child.exitCode}:\n${written.output}${written.errors}`)
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
