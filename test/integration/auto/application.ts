import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { end } from '@wombat/test-support/backend-process'
import { plainEnvironment } from '@wombat/test-support/clean-environment'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { onTestFinished } from 'vitest'

/** An application in a process of its own. It ends with the test that started it, also when that fails. */
export interface Application {
  /** What it has written so far. */
  readonly said: { readonly output: string; readonly errors: string }
  /** What it wrote on standard error, once it matches. @throws Error with all it wrote when it ends before. */
  toSay(pattern: RegExp): Promise<RegExpExecArray>
  send(signal: NodeJS.Signals): void
  /** The end of its input, which the applications beside this file take for their own. */
  finish(): void
  /** How it ended: its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>
}

type Environment = Readonly<Record<string, string>>

/** The preload by its public name, as it was built. */
export const preload = '@wombat/monitor/register'

export const appOf = (kind: string): string => fileURLToPath(new URL(`apps/app.${kind}`, import.meta.url))

/** Runs `node ARGUMENTS` with variables of the environment, in a folder below which Node finds the packages. */
export async function start(
  args: readonly string[],
  environment: Environment = {},
  cwd = import.meta.dirname,
): Promise<Application> {
  const env = { ...plainEnvironment(), TMPDIR: await temporaryFolder(), ...environment }
  const child = spawn(process.execPath, args, { env, cwd })
  onTestFinished(() => end(child))
  const said = { output: '', errors: '' }
  child.stdout.on('data', (data: Buffer) => {
    said.output += data
  })
  child.stderr.on('data', (data: Buffer) => {
    said.errors += data
  })
  // Not `exit`: what it wrote last would still be on its way.
  const ended = once(child, 'close').then(([code, signal]) => code ?? signal)
  return {
    said,
    async toSay(pattern) {
      for (;;) {
        const found = pattern.exec(said.errors)
        if (found !== null) return found
        if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}:\n${said.output}${said.errors}`)
        await sleep(10)
      }
    },
    send: (signal) => child.kill(signal),
    finish: () => child.stdin.end(),
    ended,
  }
}

/** Runs `node ARGUMENTS` to its end. */
export async function run(args: readonly string[], environment?: Environment, cwd?: string) {
  const application = await start(args, environment, cwd)
  application.finish()
  return { ended: await application.ended, ...application.said }
}
