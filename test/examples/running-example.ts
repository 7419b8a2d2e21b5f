import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stopProcess } from '@wombat/test-support/backend-process'
import { cleanEnvironment } from '@wombat/test-support/clean-environment'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { onTestFinished } from 'vitest'

export const examples = join(import.meta.dirname, '../../examples')

/** An example as a user runs it: in a process and a folder of its own. It is stopped when the test ends. */
export interface RunningExample {
  /** Its working directory. */
  readonly folder: string
  /** Returns the output so far. */
  output(): string
  /** Waits until the output matches. @throws Error with the output if it exits before that. */
  waitForOutput(pattern: RegExp): Promise<RegExpExecArray>
  send(signal: 'SIGINT' | 'SIGTERM'): void
  /** Resolves to the exit code, or to the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>
}

/** Starts `node ARGS`; paths of files are relative to the folder of all examples. */
export async function startExample(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<RunningExample> {
  const placed = args.map((arg) => (/^[\w-]+\/.+\.js$/.test(arg) ? join(examples, arg) : arg))
  for (const path of placed.filter((arg) => arg.startsWith(examples))) {
    if (!existsSync(path)) throw new Error(`${path} is not there: build the workspace first`)
  }
  const folder = await temporaryFolder()
  const env = { ...cleanEnvironment(), WOMBAT_JSON_API_PORT: '0', ...environment }
  const child = spawn(process.execPath, placed, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => stopProcess(child))
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data: Buffer) => {
      output += data
    })
  }
  const ended = once(child, 'close').then(([code, signal]) => code ?? signal)
  const waitForOutput = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const found = pattern.exec(output)
      if (found !== null) return found
      if (child.exitCode !== null || child.signalCode !== null) {
        throw new Error(
          `${args.join(' ')} ended with ${child.exitCode ?? child.signalCode} and without saying ${pattern}:\n${output}`,
        )
      }
      await sleep(10)
    }
  }
  return { folder, output: () => output, waitForOutput, send: (signal) => child.kill(signal), ended }
}
