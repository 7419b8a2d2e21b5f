import cluster from 'node:cluster'
import { readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** Which processes belong together: `auto`, `off`, or the name of a group. */
export type GroupOption = string

/**
 * Returns the name of the group of this process; undefined if it is alone.
 *
 * With `auto`, the workers of one primary of node:cluster belong together, and the primary. So do the processes of PM2's cluster mode,
 * whose primary is PM2 itself and has the workers of other applications, too.
 */
export function findGroupName(option: GroupOption): string | undefined {
  if (option === 'off') return undefined
  if (option !== 'auto') return `name ${option}`
  if (cluster.isWorker) return clusterGroupName(process.ppid)
  return undefined
}

/** Returns the name of the group of the workers of a primary. */
export function clusterGroupName(primaryPid: number): string {
  const { pm_id: pm2Id, name = '' } = process.env
  // Containers that share a folder for temporary files have the same process ids.
  return ['cluster', hostname(), pidNamespace(), primaryPid, pm2Id === undefined ? '' : name].join(' ')
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    // Only Linux has it.
    return ''
  }
}
