import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { onTestFinished } from 'vitest'
import { DurableHistory, type DurableHistoryOptions } from '../../src/history/sqlite/durable-history.ts'

const dayMs = 86_400_000

/** Returns a path for a history file in a directory that is removed with the test. */
export async function temporaryPath(): Promise<string> {
  return join(await temporaryFolder(), 'history.db')
}

/** Opens a history file, which is closed with the test. Returns it with its log and the numbers of its failures and damaged parts. */
export async function opened(path: string, options: Partial<DurableHistoryOptions> = {}) {
  const logger = collectingLogger()
  const counted = { failures: 0, damagedParts: 0 }
  const onFailure = (): void => {
    counted.failures++
  }
  const onDamage = (parts: number): void => {
    counted.damagedParts += parts
  }
  const file = await DurableHistory.open({
    path,
    logger,
    onFailure,
    onDamage,
    retentionMs: 30 * dayMs,
    maxBytes: 2 ** 28,
    ...options,
  })
  onTestFinished(() => file.close())
  return { file, logger, counted }
}

/** Returns the number of rows in a table of a closed file. */
export function count(path: string, table: string): number {
  const database = new DatabaseSync(path)
  try {
    return (database.prepare(`SELECT count(*) AS rows FROM ${table}`).get() as { rows: number }).rows
  } finally {
    database.close()
  }
}
