import type { Volume } from './files/disk-usage.ts'
import type { StateGauge } from './state-gauges.ts'

/** What an engine's state says of the volume under the store; nothing where that is unknown. */
export type VolumeState = { readonly [Part in keyof Volume]?: Volume[Part] | undefined }

/** Every engine that has files shows the volume under them alike. */
export const volumeGauges: ReadonlyArray<StateGauge<VolumeState>> = [
  { name: 'db_disk_available_bytes', value: (state) => state.availableBytes, combine: 'max' },
  { name: 'db_disk_capacity_bytes', value: (state) => state.capacityBytes, combine: 'max' },
  { name: 'db_disk_available_inodes', value: (state) => state.availableInodes, combine: 'max' },
]
