import type { StatsFs } from 'node:fs'
import type { StateGauge } from '../state-gauges.ts'
import { statfs } from './file-access.ts'
import { fileSlots } from './slots.ts'

/** The space of the volume that holds a folder. */
export interface Volume {
  /** Bytes that this process may still write: less than the free bytes if some are reserved for the administrator. */
  readonly availableBytes: number
  readonly capacityBytes: number
  /**
   * Free inodes, including those reserved for the administrator: Node does not report them apart. Undefined if the file
   * system creates inodes on demand (btrfs reports 0 in total) or has none (Windows).
   */
  readonly availableInodes: number | undefined
}

/** The volume as part of an engine's state; everything is undefined if it is unknown. */
export type VolumeState = { readonly [Part in keyof Volume]?: Volume[Part] | undefined }

/** The gauges of the volume, the same for every engine with files. Two stores may lie on one volume, so values are not added. */
export const volumeGauges: ReadonlyArray<StateGauge<VolumeState>> = [
  { name: 'db_disk_available_bytes', value: (state) => state.availableBytes },
  { name: 'db_disk_capacity_bytes', value: (state) => state.capacityBytes },
  { name: 'db_disk_available_inodes', value: (state) => state.availableInodes },
]

/** Reads the volume of a folder; undefined if the folder is missing or its file system reports no size. */
export async function readVolume(folder: string): Promise<Volume | undefined> {
  const status = await fileSlots.run(() => statfs(folder)).catch(() => undefined)
  return status && parseVolume(status)
}

/** Returns what `statfs` reports as a volume; undefined if the file system reports no blocks. */
export function parseVolume(status: StatsFs): Volume | undefined {
  if (status.blocks === 0) return undefined
  // Blocks are counted in fragments. Node reports the fragment size since version 25; it is almost always the block size.
  const { frsize } = status as { readonly frsize?: number }
  const blockBytes = frsize || status.bsize
  return {
    availableBytes: status.bavail * blockBytes,
    capacityBytes: status.blocks * blockBytes,
    availableInodes: status.files === 0 ? undefined : status.ffree,
  }
}
