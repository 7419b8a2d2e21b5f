import { constants } from 'node:fs'
import { access, opendir, statfs } from 'node:fs/promises'
import type { MeasuredStore, MetricsRegistry } from '@wombat/instrumentation'
import { parentVolume, type Volume } from '@wombat/instrumentation/internal'
import type { History } from '../../history/history.ts'
import { maxNow } from '../../history/window-queries.ts'
import type { HealthBounds } from '../bounds.ts'
import type { CheckContext, Finding, Observation } from '../check.ts'
import type { HealthStatus } from '../status.ts'
import { errorCode, formatCode } from './error-codes.ts'
import { below, type ThresholdLevel, thresholdLevel, worstFinding } from './threshold-levels.ts'

/** What was seen of the folder of a store. */
export type DirectoryReading =
  | { readonly state: 'inaccessible'; readonly code: string | undefined }
  | { readonly state: 'undetermined' }
  | { readonly state: 'known'; readonly volume: Volume; readonly capacityInodes?: number }

/** Looks at a folder now. Where the store is written to, its folder must be writable: a volume may have become read-only. */
export async function readDirectory(folder: string, isWritten: boolean): Promise<DirectoryReading> {
  try {
    await (await opendir(folder)).close()
    if (isWritten) await access(folder, constants.W_OK)
  } catch (error) {
    return { state: 'inaccessible', code: errorCode(error) }
  }
  const status = await statfs(folder).catch(() => undefined)
  const volume = status && parentVolume(status)
  if (status === undefined || volume === undefined) return { state: 'undetermined' }
  return { state: 'known', volume, capacityInodes: status.files }
}

export interface DiskSpaceOptions {
  readonly registry: MetricsRegistry
  readonly history: History
  readonly bounds: HealthBounds
}

/** Whether there is room on the volumes under all stores of one name. */
export async function runDiskSpace(store: string, options: DiskSpaceOptions, context: CheckContext): Promise<Finding> {
  const { registry, history, bounds } = options
  const stores = registry.stores.list().filter(({ name }) => name === store)
  const folders = storeDirectories(stores)
  // A new store makes its folder while it opens.
  const isOpening = stores.some((one) => one.state() === 'opening')
  const readings = await Promise.all([...folders].map(([folder, isWritten]) => readDirectory(folder, isWritten)))
  const pendingBytes = maxNow(history, 'db_compaction_pending_bytes', { store }, context.nowMs)
  const findings = readings.map((reading): Finding => {
    if (reading.state === 'inaccessible' && isOpening) return { status: 'unknown', message: 'Database is opening' }
    return diskFinding(reading, { store, pendingBytes, bounds, before: context.previousStatus })
  })
  return worstFinding(findings) ?? { status: 'unknown', message: 'Database is closed' }
}

/** The folders of stores that are not closed, and whether any of them is written to. */
export function storeDirectories(stores: readonly MeasuredStore[]): Map<string, boolean> {
  const folders = new Map<string, boolean>()
  for (const store of stores) {
    const folder = store.state() === 'closed' ? undefined : store.directory()
    if (folder === undefined) continue
    folders.set(folder, folders.get(folder) === true || store.probe()?.write !== undefined)
  }
  return folders
}

interface DiskInput {
  readonly store: string
  /** What compaction still has to rewrite: it needs as much room at the most. */
  readonly pendingBytes: number | undefined
  readonly bounds: HealthBounds
  readonly before: HealthStatus
}

interface DiskLevel extends ThresholdLevel {
  readonly message: string
  readonly reason: string
}

/** What the volume under a folder means for its store. Pure. */
export function diskFinding(reading: DirectoryReading, { store, pendingBytes, bounds, before }: DiskInput): Finding {
  if (reading.state === 'inaccessible') {
    const message = formatCode('Cannot access database directory', reading.code)
    return { status: 'critical', message, reason: 'inaccessible' }
  }
  if (reading.state === 'undetermined') {
    return { status: 'degraded', message: 'Cannot determine disk space', reason: 'undetermined' }
  }
  const found = [
    spaceFinding(reading.volume, { store, pendingBytes, bounds, before }),
    ...inodesFinding(reading, { store, bounds, before }),
  ]
  return worstFinding(found) as Finding
}

function spaceFinding({ availableBytes, capacityBytes }: Volume, { store, pendingBytes, bounds, before }: DiskInput): Finding {
  const level = (status: HealthStatus, reason: string, message: string, enter: number, leave?: number): DiskLevel => {
    return { status, reason, message, enter, leave: leave ?? enter * bounds.diskLeaveFactor }
  }
  const lowShare = { enter: bounds.diskLowShare * capacityBytes, leave: bounds.diskLowLeaveShare * capacityBytes }
  const levels = [
    level('critical', 'insufficient', 'Insufficient disk space', bounds.diskCriticalBytes),
    level('unhealthy', 'no_room', 'No room for the pending compaction', pendingBytes ?? 0),
    level('degraded', 'low', 'Low disk space', bounds.diskLowBytes),
    level('degraded', 'low', 'Low disk space', lowShare.enter, lowShare.leave),
  ]
  const found = thresholdLevel(availableBytes, levels, before, below)
  const observed: Observation = {
    name: 'free space',
    value: availableBytes,
    unit: 'By',
    bound: found?.bound ?? Math.max(...levels.map(({ enter }) => enter)),
    series: { metric: 'db_disk_available_bytes', labels: { store } },
  }
  if (found === undefined) return { status: 'healthy', message: 'Sufficient disk space available', observed }
  return { status: found.status, message: found.message, reason: found.reason, observed }
}

/** Nothing where there are enough, and where the file system makes as many as it needs. */
function inodesFinding(
  { volume, capacityInodes = 0 }: DirectoryReading & { readonly state: 'known' },
  { store, bounds, before }: Omit<DiskInput, 'pendingBytes'>,
): Finding[] {
  const value = volume.availableInodes
  if (value === undefined) return []
  const enter = Math.max(bounds.inodesLowCount, bounds.inodesLowShare * capacityInodes)
  const few = thresholdLevel(value, [{ status: 'degraded', enter, leave: enter * bounds.diskLeaveFactor }], before, below)
  if (few === undefined) return []
  const series = { metric: 'db_disk_available_inodes', labels: { store } }
  const observed: Observation = { name: 'free inodes', value, unit: '{inode}', bound: few.bound, series }
  return [{ status: few.status, message: 'Few inodes left', reason: 'inodes', observed }]
}
