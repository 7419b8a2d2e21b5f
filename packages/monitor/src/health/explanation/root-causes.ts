import type { BuiltInCheckName } from '../built-in-checks.ts'

/** A check that is not healthy, and the checks that it affects directly. */
export interface RootCause {
  readonly check: BuiltInCheckName
  /** Reasons of the check that have these effects. Default: any. */
  readonly reasons?: readonly string[]
  /** The cause, as the affected checks report it. */
  readonly message: string
  /** The affected checks, each with the reasons that this can cause. */
  readonly explains: { readonly [Name in BuiltInCheckName]?: readonly string[] }
}

const timeoutReasons = ['timeout', 'event_loop', 'thread_pool', 'store']
const unusableReasons = ['cannot_open', 'cannot_write', 'cannot_read', ...timeoutReasons]
const compactionReasons = ['stalled', 'often_stalled', 'level_zero', 'pending']
const failureReasons = ['failures']

/**
 * Which check explains which, deepest cause first: a slow or full disk delays compaction, level 0 fills up, writes stall, stalls
 * show as latency and timeouts, and those as errors. The process itself precedes all of them. Corrupted data is never a symptom.
 * The first row that applies is taken, and then followed: a cause may have a cause of its own.
 */
export const rootCauses: readonly RootCause[] = [
  {
    check: 'memory_usage',
    message: 'The process is short of memory: garbage collection and swapping slow everything down.',
    explains: { responsiveness: ['event_loop'], database_connectivity: timeoutReasons },
  },
  {
    check: 'disk_space',
    reasons: ['inaccessible', 'insufficient', 'inodes'],
    message: 'The volume of the store is full or not writable: its files cannot grow.',
    explains: {
      compaction_status: ['background_errors', ...compactionReasons],
      database_connectivity: unusableReasons,
      error_rates: failureReasons,
    },
  },
  {
    check: 'disk_space',
    reasons: ['no_room'],
    message: 'The volume of the store has too little free space for the pending compaction.',
    explains: { compaction_status: ['background_errors', ...compactionReasons] },
  },
  {
    check: 'responsiveness',
    reasons: ['event_loop'],
    message: 'The event loop was blocked: nothing in this process could run.',
    explains: { database_connectivity: ['timeout', 'event_loop'], disk_space: ['timeout', 'event_loop'] },
  },
  {
    check: 'responsiveness',
    reasons: ['thread_pool'],
    message: 'The thread pool was full: the operations of the store waited for a thread.',
    explains: { database_connectivity: ['timeout', 'thread_pool'], disk_space: ['timeout', 'thread_pool'] },
  },
  {
    check: 'compaction_status',
    reasons: ['background_errors'],
    message: 'The background work of the store fails: it no longer accepts writes.',
    explains: { database_connectivity: unusableReasons, error_rates: failureReasons },
  },
  {
    check: 'compaction_status',
    reasons: compactionReasons,
    message: 'Compaction is behind, and the store delays writes.',
    explains: { database_connectivity: ['timeout', 'store'], error_rates: failureReasons },
  },
  {
    check: 'database_connectivity',
    reasons: unusableReasons,
    message: 'The store does not work at all: the probe failed too.',
    explains: { error_rates: failureReasons },
  },
  {
    // Last: operations rarely fail because they are late, so every other cause is more likely.
    check: 'responsiveness',
    message: 'The process was blocked: operations did not finish in time.',
    explains: { error_rates: failureReasons },
  },
]
