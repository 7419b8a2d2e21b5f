import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { type BackendProgram, programPath } from './backend-programs.ts'

/** A running backend. It is stopped when the test ends, whether it passes or fails. */
export interface BackendProcess {
  readonly pid: number
  /** Stops the process; resolves once it has exited. */
  stop(): Promise<void>
}

const startMs = 15_000
const stopMs = 5000
const outputKept = 20_000

/**
 * Starts a backend and waits until `readyUrl` responds.
 *
 * @throws Error with its output if it exits early or takes longer than 15 s.
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
    if (hasEnded(child)) throw new Error(`${program} exited with ${child.exitCode ?? child.signalCode}:\n${output}`)
    if (performance.now() > deadlineMs)
      throw new Error(`${program} did not respond at ${readyUrl} within ${startMs} ms:\n${output}`)
    await sleep(50)
  }
  return { pid: child.pid as number, stop }
}

/** Accepts every response below 500: an OTLP receiver answers a GET with an error. */
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

/** Sends SIGTERM to a process, and SIGKILL if it has not exited after 5 s. */
export async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || hasEnded(child)) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const late = setTimeout(() => child.kill('SIGKILL'), stopMs)
  await ended
  clearTimeout(late)
}
