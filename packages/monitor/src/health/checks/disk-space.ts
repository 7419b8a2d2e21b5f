import { constants } from 'node:fs'
import { access, opendir, statfs } from 'node:fs/promises'
import type { MeasuredStore } from '@wombat/instrumentation'
import { parseVolume, permissionProblem, type Volume } from '@wombat/instrumentation/internal'
import { maxNow } from '../../history/window-queries.ts'
import type { CheckContext, Finding, Observation } from '../check.ts'
import type { HealthStatus } from '../status.ts'
import type { Bounds, BoundValues } from './bound.ts'
import type { CheckDependencies, StoreCheck, StoreCheckSource } from './built-in-check.ts'
import { errorCode, withCode } from './error-codes.ts'
import { below, type ThresholdLevel, thresholdLevel, worstFinding } from './threshold-levels.ts'

const mebibyte = 2 ** 20

const bounds = {
  diskCriticalBytes: {
    value: 100 * mebibyte,
    unit: 'bytes',
    description: 'free space below which disk space is critical: writes are about to fail',
    below: 'diskLowBytes',
  },
  diskLowBytes: { value: 1000 * mebibyte, unit: 'bytes', description: 'free space below which disk space is low' },
  diskLowShare: {
    value: 0.1,
    unit: 'share',
    description: 'free share of the volume below which disk space is low: compaction needs space for a copy',
    below: 'diskLowLeaveShare',
  },
  diskLowLeaveShare: {
    value: 0.12,
    unit: 'share',
    description: 'free share of the volume above which disk space is no longer low',
  },
  inodesLowCount: {
    value: 1000,
    unit: 'count',
    description: 'free inodes below which they are low: each table is a file',
  },
  inodesLowShare: {
    value: 0.05,
    unit: 'share',
    description: 'free share of the inodes below which they are low, if the file system has a fixed number',
  },
  diskLeaveFactor: {
    value: 1.2,
    unit: 'factor',
    description: 'multiple of a bound of space or inodes that must be free for its status to end',
  },
} as const satisfies Bounds

type DiskBounds = BoundValues<typeof bounds>

/** Checks that the directory of a store is accessible and that its volume has enough free space and inodes. */
export const diskSpace = {
  name: 'disk_space',
  scope: 'store',
  bounds,
  remediations: {
    inaccessible: {
      cause: 'The directory is missing, its permissions changed, or its volume was unmounted or became read-only.',
      nextSteps: [
        'Check whether the volume is mounted and writable.',
        'Check the kernel log for disk errors.',
        'Check owner and mode of the directory.',
      ],
    },
    undetermined: {
      cause: "The file system does not report its free space, or Node's permission model refuses to read it.",
      nextSteps: ['Check the volume by hand.', 'Monitor its free space from outside the process.'],
    },
    no_room: {
      cause: 'Compaction needs space for a copy of the data that it rewrites, and the volume has less.',
      nextSteps: ['Free space on the volume, or enlarge it.', 'Write less until compaction has caught up.'],
    },
    inodes: {
      cause: 'Many small files use up the inodes of the volume.',
      nextSteps: ['Find the directories with the most files.', 'Remove files, or create a file system with more inodes.'],
    },
    else: {
      cause: 'The volume fills up with the data of this store, or with other files.',
      nextSteps: [
        'Free space on the volume, or enlarge it.',
        'Find which store grows.',
        'Compact the store to reclaim the space of deleted keys.',
      ],
    },
  },
  create(store: string, dependencies: CheckDependencies, bounds: DiskBounds): StoreCheckSource {
    const check = {
      name: 'disk_space',
      store,
      statusOnError: 'degraded',
      run: (context: CheckContext) => checkDirectories(store, dependencies, bounds, context),
    } as const
    return (stores) => (storeDirectories(stores).size > 0 ? check : undefined)
  },
} as const satisfies StoreCheck

/** The state of a store's directory and its volume. */
export type DirectoryState =
  | { readonly state: 'inaccessible'; readonly code: string | undefined }
  /** Why, if it is known. */
  | { readonly state: 'undetermined'; readonly problem?: string }
  | { readonly state: 'known'; readonly volume: Volume; readonly capacityInodes?: number }

/**
 * Reads the current state of a directory.
 *
 * @param mustBeWritable whether a directory that is not writable counts as inaccessible: its volume may have become read-only.
 */
export async function readDirectoryState(directory: string, mustBeWritable: boolean): Promise<DirectoryState> {
  try {
    await (await opendir(directory)).close()
    if (mustBeWritable) await access(directory, constants.W_OK)
  } catch (error) {
    const problem = permissionProblem(error)
    return problem === undefined ? { state: 'inaccessible', code: errorCode(error) } : { state: 'undetermined', problem }
  }
  try {
    const status = await statfs(directory)
    const volume = parseVolume(status)
    return volume === undefined ? { state: 'undetermined' } : { state: 'known', volume, capacityInodes: status.files }
  } catch (error) {
    const problem = permissionProblem(error)
    return { state: 'undetermined', ...(problem !== undefined && { problem }) }
  }
}

async function checkDirectories(
  store: string,
  { registry, history }: CheckDependencies,
  bounds: DiskBounds,
  { nowMs, previousStatus }: CheckContext,
): Promise<Finding> {
  const stores = registry.stores.list().filter(({ name }) => name === store)
  // A new store creates its directory while it opens.
  const isOpening = stores.some((one) => one.state() === 'opening')
  const directories = [...storeDirectories(stores)]
  const states = await Promise.all(directories.map(([directory, isWritten]) => readDirectoryState(directory, isWritten)))
  const pendingBytes = maxNow(history, 'db_compaction_pending_bytes', { store }, nowMs)
  const findings = states.map((state): Finding => {
    if (state.state === 'inaccessible' && isOpening) return { status: 'unknown', message: 'Database is opening' }
    return evaluateDisk(state, { store, pendingBytes, bounds, previousStatus })
  })
  return worstFinding(findings) ?? { status: 'unknown', message: 'Database is closed' }
}

/** Returns the directories of all stores that are not closed, and whether any store writes to them. */
function storeDirectories(stores: readonly MeasuredStore[]): Map<string, boolean> {
  const directories = new Map<string, boolean>()
  for (const store of stores) {
    const directory = store.state() === 'closed' ? undefined : store.directory()
    if (directory === undefined) continue
    directories.set(directory, directories.get(directory) === true || store.probe()?.write !== undefined)
  }
  return directories
}

/** What the state of a directory is evaluated with. */
export interface DiskInput {
  readonly store: string
  /** Pending compaction bytes: compaction needs at most as much free space. */
  readonly pendingBytes: number | undefined
  readonly bounds: DiskBounds
  readonly previousStatus: HealthStatus
}

interface DiskLevel extends ThresholdLevel {
  readonly message: string
  readonly reason: string
}

/** Returns the finding for the directory of a store. Pure. */
export function evaluateDisk(state: DirectoryState, input: DiskInput): Finding {
  if (state.state === 'inaccessible') {
    const message = withCode('Cannot access database directory', state.code)
    return { status: 'critical', message, reason: 'inaccessible' }
  }
  if (state.state === 'undetermined') {
    const { problem } = state
    const message = `Cannot determine disk space${problem === undefined ? '' : `: ${problem}`}`
    return { status: 'unknown', message, reason: 'undetermined' }
  }
  const space = evaluateSpace(state.volume, input)
  return worstFinding([space, ...evaluateInodes(state, input)]) ?? space
}

function evaluateSpace(
  { availableBytes, capacityBytes }: Volume,
  { store, pendingBytes, bounds, previousStatus }: DiskInput,
): Finding {
  const level = (status: HealthStatus, reason: string, message: string, enter: number, leave?: number): DiskLevel => {
    return { status, reason, message, enter, leave: leave ?? enter * bounds.diskLeaveFactor }
  }
  const lowShare = { enter: bounds.diskLowShare * capacityBytes, leave: bounds.diskLowLeaveShare * capacityBytes }
  const levels = [
    level('critical', 'insufficient', 'Insufficient disk space', bounds.diskCriticalBytes),
    level('unhealthy', 'no_room', 'Not enough disk space for pending compaction', pendingBytes ?? 0),
    level('degraded', 'low', 'Low disk space', bounds.diskLowBytes),
    level('degraded', 'low', 'Low disk space', lowShare.enter, lowShare.leave),
  ]
  const reached = thresholdLevel(availableBytes, levels, previousStatus, below)
  const observed: Observation = {
    name: 'free space',
    value: availableBytes,
    unit: 'By',
    bound: reached?.bound ?? Math.max(...levels.map(({ enter }) => enter)),
    series: { metric: 'db_disk_available_bytes', labels: { store } },
  }
  if (reached === undefined) return { status: 'healthy', message: 'Sufficient disk space available', observed }
  return { status: reached.status, message: reached.message, reason: reached.reason, observed }
}

/** Returns no finding if there are enough inodes, or if the file system creates them as needed. */
function evaluateInodes(
  { volume, capacityInodes = 0 }: DirectoryState & { readonly state: 'known' },
  { store, bounds, previousStatus }: DiskInput,
): Finding[] {
  const value = volume.availableInodes
  if (value === undefined) return []
  const enter = Math.max(bounds.inodesLowCount, bounds.inodesLowShare * capacityInodes)
  const levels = [{ status: 'degraded', enter, leave: enter * bounds.diskLeaveFactor }] as const
  const reached = thresholdLevel(value, levels, previousStatus, below)
  if (reached === undefined) return []
  const series = { metric: 'db_disk_available_inodes', labels: { store } }
  const observed: Observation = { name: 'free inodes', value, unit: '{inode}', bound: reached.bound, series }
  return [{ status: reached.status, message: 'Few inodes left', reason: 'inodes', observed }]
}
