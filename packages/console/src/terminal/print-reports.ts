import { setTimeout as sleep } from 'node:timers/promises'
import type { Snapshot } from './snapshot.ts'

interface ReportOptions {
  readonly isOnce: boolean
  readonly intervalMs: number
  /** The address of the process, for messages. */
  readonly address: string
}

interface ReportHost {
  readonly stdout: NodeJS.WriteStream
  readonly printError: (line: string) => void
  readonly signal: AbortSignal
}

/**
 * Prints one report, or one after the other until the signal is aborted. While the process does not answer, it says so once and tries again.
 * Resolves to the exit code.
 *
 * @throws Error if the only report cannot be read.
 */
export async function printReports(
  read: (signal: AbortSignal) => Promise<Snapshot>,
  format: (snapshot: Snapshot) => string,
  { isOnce, intervalMs, address }: ReportOptions,
  { stdout, printError, signal }: ReportHost,
): Promise<number> {
  let problem: string | undefined
  while (!signal.aborted) {
    try {
      const text = format(await read(signal))
      if (problem !== undefined) printError(`wombat-console: ${address} answers again`)
      problem = undefined
      // The reader may be gone meanwhile.
      if (!signal.aborted) stdout.write(`${text}\n`)
    } catch (error) {
      if (signal.aborted) return 0
      if (isOnce) throw error
      const message = error instanceof Error ? error.message : String(error)
      if (message !== problem) printError(`wombat-console: ${message} (since ${new Date().toISOString()}, still trying)`)
      problem = message
    }
    if (isOnce) return 0
    await sleep(intervalMs, undefined, { signal }).catch(() => undefined)
  }
  return 0
}
