import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stopProcess } from '@wombat/test-support/backend-process'
import { captureOutput } from '@wombat/test-support/capture-output'
import { cleanEnvironment } from '@wombat/test-support/clean-environment'

const main = join(import.meta.dirname, '../../examples/demo/dist/main.js')

/** The demo in a process of its own, for several tests. */
export interface RunningDemo {
  /** The address of its console, with a slash at the end. */
  readonly url: string
  readonly origin: string
  /** Ends it as Ctrl-C does. */
  stop(): Promise<void>
}

export interface DemoOptions {
  /** The port of the console (default: any free one). */
  readonly port?: number
  readonly environment?: Readonly<Record<string, string>>
}

/** Starts the demo, with a sample every second, and waits until its console answers. */
export async function runDemo({ port = 0, environment = {} }: DemoOptions = {}): Promise<RunningDemo> {
  const folder = await mkdtemp(join(tmpdir(), 'wombat-console-'))
  const env = { ...cleanEnvironment(), TMPDIR: folder, WOMBAT_HISTORY_INTERVAL_MS: '1000', ...environment }
  const child = spawn(process.execPath, [main, '--json-port', String(port), '--prometheus-port', '0'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const { written } = captureOutput(child)
  const stop = async (): Promise<void> => {
    await stopProcess(child)
    await rm(folder, { recursive: true, force: true })
  }
  for (;;) {
    const [, url] = /^Console +(http:\S+)$/m.exec(written.output) ?? []
    if (url !== undefined) return { url, origin: new URL(url).origin, stop }
    if (child.exitCode !== null) throw new Error(`the demo exited with ${child.exitCode}:\n${written.output}${written.errors}`)
    await sleep(20)
  }
}
