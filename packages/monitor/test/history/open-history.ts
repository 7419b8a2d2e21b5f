import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { onTestFinished } from 'vitest'
import { DurableHistory, type DurableHistoryOptions } from '../../src/history/sqlite/durable-history.ts'

const dayMs = 86_400_000

export async function temporaryPath(): Promise<string> {
  return join(await temporaryFolder(), 'history.db')
}

/** A history that is closed with the test, with what it logged and how often it onFailure. */
export async function opened(path: string, options: Partial<DurableHistoryOptions> = {}) {
  const logger = collectingLogger()
  const counted = { failures: 0 }
  const onFailure = (): void => {
    counted.failures++
  }
  const file = await DurableHistory.open({ path, logger, onFailure, retentionMs: 30 * dayMs, maxBytes: 2 ** 28, ...options })
  onTestFinished(() => file.close())
  return { file, logger, counted }
}

/** How many rows a table of a closed file has. */
export function count(path: string, table: string): number {
  const database = new DatabaseSync(path)
  try {
    return (database.prepare(`SELECT count(*) AS rows FROM ${table}`).get() as { rows: number }).rows
  } finally {
    database.close()
  }
}
