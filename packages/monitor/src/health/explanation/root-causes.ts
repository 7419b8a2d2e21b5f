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

const timedOut = ['timeout', 'event_loop', 'thread_pool', 'store']
const unusable = ['cannot_open', 'cannot_write', 'cannot_read', ...timedOut]
const compactionBehind = ['stalled', 'often_stalled', 'level_zero', 'pending']
const failures = ['failures']

/**
 * Which check explains which, deepest cause first: a slow or full disk delays compaction, level 0 fills up, writes stall, stalls
 * show as latency and timeouts, and those as errors. The process itself precedes all of them. Corrupted data is never a symptom.
 * The first row that applies is taken, and then followed: a cause may have a cause of its own.
 */
export const rootCauses: readonly RootCause[] = [
  {
    check: 'memory_usage',
    message: 'The process is short of memory: garbage collection and swapping slow everything down.',
    explains: { responsiveness: ['event_loop'], database_connectivity: timedOut },
  },
  {
    check: 'disk_space',
    reasons: ['inaccessible', 'insufficient', 'inodes'],
    message: 'The volume of the store is full or not writable: its files cannot grow.',
    explains: {
      compaction_status: ['background_errors', ...compactionBehind],
      database_connectivity: unusable,
      error_rates: failures,
    },
  },
  {
    check: 'disk_space',
    reasons: ['no_room'],
    message: 'The volume of the store has too little free space for the pending compaction.',
    explains: { compaction_status: ['background_errors', ...compactionBehind] },
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
    explains: { database_connectivity: unusable, error_rates: failures },
  },
  {
    check: 'compaction_status',
    reasons: compactionBehind,
    message: 'Compaction is behind, and the store delays writes.',
    explains: { database_connectivity: ['timeout', 'store'], error_rates: failures },
  },
  {
    check: 'database_connectivity',
    reasons: unusable,
    message: 'The store does not work at all: the probe failed too.',
    explains: { error_rates: failures },
  },
  {
    // Last: operations rarely fail because they are late, so every other cause is more likely.
    check: 'responsiveness',
    message: 'The process was blocked: operations did not finish in time.',
    explains: { error_rates: failures },
  },
]
