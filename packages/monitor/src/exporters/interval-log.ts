import type { Snapshot } from '../collection/snapshot.ts'
import type { SnapshotReader } from '../collection/snapshot-reader.ts'
import type { Logger } from '../logger.ts'
import { intervalSummary } from './log.ts'

/** Writes what each store did, one structured line per interval, the last one when it is closed. */
export function startIntervalLog(reader: SnapshotReader, intervalMs: number, logger: Logger): { close(): Promise<void> } {
  let before: Snapshot | undefined
  const write = async (): Promise<void> => {
    try {
      const now = await reader.take()
      logger.info({ stores: intervalSummary(before, now) }, 'metrics')
      before = now
    } catch (error) {
      logger.error({ reason: error instanceof Error ? error.message : String(error) }, 'metrics could not be collected')
    }
  }
  const timer = setInterval(write, intervalMs)
  timer.unref()
  return {
    close: () => {
      clearInterval(timer)
      return write()
    },
  }
}
