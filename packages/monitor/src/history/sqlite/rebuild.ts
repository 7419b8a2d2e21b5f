import { existsSync, renameSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import type { TimeSlices } from '../../time/time-slices.ts'
import {
  closeQuietly,
  HistoryFileError,
  openDamaged,
  openDatabase,
  prepareLocation,
  rebuiltPath,
  removeDatabase,
  repairedPath,
  type Sqlite,
} from './file.ts'
import { type SalvageReport, salvage } from './salvage.ts'

/**
 * Creates a new file at `path` with everything that is whole in the damaged file that was set aside. It is there only when it is complete: if
 * the process ends before, the next one begins again.
 *
 * @param isEnded whether the work must stop.
 * @returns what was kept; undefined if the work was stopped.
 * @throws HistoryFileError if another process has created the file meanwhile.
 */
export async function rebuild(
  sqlite: Sqlite,
  path: string,
  slices: TimeSlices,
  isEnded: () => boolean,
): Promise<SalvageReport | undefined> {
  const target = rebuiltPath(path)
  removeDatabase(target)
  prepareLocation(target)
  // Its first page is the template for that of the damaged file.
  openDatabase(sqlite, target).close()
  const from = await openDamaged(sqlite, path, target)
  const to = openDatabase(sqlite, target)
  let report: SalvageReport | undefined
  try {
    report = await copy(from, to, slices, isEnded)
  } finally {
    for (const database of [from, to]) closeQuietly(database)
    removeDatabase(repairedPath(path))
  }
  if (report === undefined) return undefined
  if (existsSync(path)) throw new HistoryFileError(`${path} was created by another process while it was written anew`)
  renameSync(target, path)
  return report
}

async function copy(
  from: DatabaseSync | undefined,
  to: DatabaseSync,
  slices: TimeSlices,
  isEnded: () => boolean,
): Promise<SalvageReport | undefined> {
  if (from === undefined) return { keptSamples: 0, damagedParts: 1, lostBlocks: 0, lostSeries: 0, lostTexts: 0, gaps: [] }
  const work = salvage(from, to)
  for (;;) {
    const { value, done } = work.next()
    if (done === true) return value
    if (isEnded()) return undefined
    await slices.yieldIfDue()
    if (isEnded()) return undefined
  }
}
