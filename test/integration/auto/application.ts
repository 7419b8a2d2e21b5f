import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { stopProcess } from '@wombat/test-support/backend-process'
import { captureOutput } from '@wombat/test-support/capture-output'
import { cleanEnvironment } from '@wombat/test-support/clean-environment'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { onTestFinished } from 'vitest'

/** An application in a process of its own. It is stopped when the test ends, whether it passes or fails. */
export interface Application {
  /** The output so far. */
  readonly written: { readonly output: string; readonly errors: string }
  /** Waits until standard error matches, and returns the match. @throws Error with the output if the application exits before that. */
  waitForLine(pattern: RegExp): Promise<RegExpExecArray>
  send(signal: NodeJS.Signals): void
  /** Closes its standard input, which ends the applications in `apps`. */
  endInput(): void
  /** Resolves to the exit code, or to the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>
}

type Environment = Readonly<Record<string, string>>

/** The public name of the preload; Node loads the built file. */
export const preload = '@wombat/monitor/register'

export const applicationPath = (kind: string): string => fileURLToPath(new URL(`apps/app.${kind}`, import.meta.url))

/** Starts `node ARGUMENTS` with environment variables, in a folder from which Node finds the packages. */
export async function startApplication(
  args: readonly string[],
  environment: Environment = {},
  cwd = import.meta.dirname,
): Promise<Application> {
  const env = { ...cleanEnvironment(), TMPDIR: await temporaryFolder(), ...environment }
  const child = spawn(process.execPath, args, { env, cwd })
  onTestFinished(() => stopProcess(child))
  const { written, ended } = captureOutput(child)
  return {
    written,
    async waitForLine(pattern) {
      for (;;) {
        const found = pattern.exec(written.errors)
        if (found !== null) return found
        if (child.exitCode !== null)
          throw new Error(`the application exited with ${child.exitCode}:\n${written.output}${written.errors}`)
        await sleep(10)
      }
    },
    send: (signal) => child.kill(signal),
    endInput: () => child.stdin.end(),
    ended,
  }
}

/** Runs `node ARGUMENTS` until it exits. */
export async function runApplication(args: readonly string[], environment?: Environment, cwd?: string) {
  const application = await startApplication(args, environment, cwd)
  application.endInput()
  return { ended: await application.ended, ...application.written }
}
