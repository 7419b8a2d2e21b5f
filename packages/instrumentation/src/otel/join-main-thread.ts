import { getEnvironmentData, isMainThread } from 'node:worker_threads'
import { errorKind } from '../metrics/error-type.ts'
import { logDiagnostic } from '../registry/diagnostics.ts'

/** The name under which the monitoring of the main thread tells its worker threads how to join it. */
export const threadMonitorKey = '@wombat/monitor'

/** What it tells them. */
interface ThreadMonitor {
  /** The address of a module with a function `joinMonitoring`. */
  readonly module: string
}

let hasJoined = false

/**
 * Makes the stores of this worker thread part of the monitoring of the main thread, if that has one. It starts in the background: nothing
 * that is recorded until then is lost.
 */
export function joinMainThread(): void {
  if (isMainThread || hasJoined) return
  hasJoined = true
  const monitor = getEnvironmentData(threadMonitorKey) as ThreadMonitor | undefined
  if (typeof monitor?.module !== 'string') return
  import(monitor.module)
    .then((module: { joinMonitoring(): Promise<void> }) => module.joinMonitoring())
    .catch((error: unknown) => {
      logDiagnostic('warn', 'the stores of this thread are not part of the monitoring of the main thread', errorKind(error))
    })
}
