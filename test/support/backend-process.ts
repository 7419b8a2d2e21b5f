import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { type BackendProgram, programPath } from './backend-programs.ts'

/** A program that runs. It ends with the test that started it, also when that fails. */
export interface BackendProcess {
  readonly pid: number
  /** Resolves once it has ended; at once where it has already. */
  stop(): Promise<void>
}

const startMs = 15_000
const stopMs = 5000
const outputKept = 20_000

/**
 * Starts a program and waits until `readyUrl` is answered.
 *
 * @throws Error with its output when it ends before that, or takes too long.
 */
export async function startBackend(program: BackendProgram, args: readonly string[], readyUrl: string): Promise<BackendProcess> {
  const child = spawn(programPath(program), args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data: Buffer) => {
      output = (output + data).slice(-outputKept)
    })
  }
  const stop = () => stopProcess(child)
  onTestFinished(stop)
  await once(child, 'spawn')
  const deadlineMs = performance.now() + startMs
  while (!(await isReady(readyUrl))) {
    if (hasEnded(child)) throw new Error(`${program} ended with ${child.exitCode ?? child.signalCode}:\n${output}`)
    if (performance.now() > deadlineMs) throw new Error(`${program} did not answer at ${readyUrl} in ${startMs} ms:\n${output}`)
    await sleep(50)
  }
  return { pid: child.pid as number, stop }
}

/** Any answer will do that does not say "not yet": a receiver of OTLP has nothing to be fetched. */
async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1000) })
    await response.body?.cancel()
    return response.status < 500
  } catch {
    return false
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}

/** Asks a process to end, and makes it end when it does not. */
export async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || hasEnded(child)) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const late = setTimeout(() => child.kill('SIGKILL'), stopMs)
  await ended
  clearTimeout(late)
}
