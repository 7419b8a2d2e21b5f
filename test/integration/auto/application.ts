import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { stopProcess } from '@wombat/test-support/backend-process'
import { cleanEnvironment } from '@wombat/test-support/clean-environment'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { onTestFinished } from 'vitest'

/** An application in a process of its own. It ends with the test that started it, also when that fails. */
export interface Application {
  /** What it has written so far. */
  readonly written: { readonly output: string; readonly errors: string }
  /** What it wrote on standard error, once it matches. @throws Error with all it wrote when it ends before. */
  waitForLine(pattern: RegExp): Promise<RegExpExecArray>
  send(signal: NodeJS.Signals): void
  /** The end of its input, which the applications beside this file take for their own. */
  endInput(): void
  /** How it ended: its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>
}

type Environment = Readonly<Record<string, string>>

/** The preload by its public name, as it was built. */
export const preload = '@wombat/monitor/register'

export const applicationPath = (kind: string): string => fileURLToPath(new URL(`apps/app.${kind}`, import.meta.url))

/** Runs `node ARGUMENTS` with variables of the environment, in a folder below which Node finds the packages. */
export async function startApplication(
  args: readonly string[],
  environment: Environment = {},
  cwd = import.meta.dirname,
): Promise<Application> {
  const env = { ...cleanEnvironment(), TMPDIR: await temporaryFolder(), ...environment }
  const child = spawn(process.execPath, args, { env, cwd })
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
  return {
    written,
    async waitForLine(pattern) {
      for (;;) {
        const found = pattern.exec(written.errors)
        if (found !== null) return found
        if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}:\n${written.output}${written.errors}`)
        await sleep(10)
      }
    },
    send: (signal) => child.kill(signal),
    endInput: () => child.stdin.end(),
    ended,
  }
}

/** Runs `node ARGUMENTS` to its end. */
export async function runApplication(args: readonly string[], environment?: Environment, cwd?: string) {
  const application = await startApplication(args, environment, cwd)
  application.endInput()
  return { ended: await application.ended, ...application.written }
}
