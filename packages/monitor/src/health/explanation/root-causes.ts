import type { CheckName } from '../checks/remediation.ts'

/** One check that is not well, and what that explains directly. */
export interface RootCause {
  readonly check: CheckName
  /** Its reasons that have such effects; any, where left out. */
  readonly reasons?: readonly string[]
  /** What the effect is, as the cause of others. */
  readonly message: string
  /** The checks whose trouble it explains, each with the reasons that it may be behind. */
  readonly explains: { readonly [Name in CheckName]?: readonly string[] }
}

const timedOut = ['timeout', 'event_loop', 'thread_pool', 'store']
const unusable = ['cannot_open', 'cannot_write', 'cannot_read', ...timedOut]
const failures = ['failures']

/**
 * What comes before what, deepest first: a slow or full disk makes debt, debt fills level 0, level 0 stalls writers, stalls are
 * seen as latency and timeouts, and these as errors; the process itself comes before all of it. Damage is nobody's symptom. The
 * first link that fits is taken, and then followed: a cause may have one of its own.
 */
export const rootCauses: readonly RootCause[] = [
  {
    check: 'memory_usage',
    message: 'The process is short of memory: garbage collection and swapping hold everything up.',
    explains: { responsiveness: ['event_loop'], database_connectivity: timedOut },
  },
  {
    check: 'disk_space',
    reasons: ['inaccessible', 'insufficient', 'inodes'],
    message: 'The volume under the store cannot be written to, or hardly: its files cannot grow.',
    explains: {
      compaction_status: ['background_errors', 'stalled', 'often_stalled', 'level_zero', 'pending'],
      database_connectivity: unusable,
      error_rates: failures,
    },
  },
  {
    check: 'disk_space',
    reasons: ['no_room'],
    message: 'There is no room on the volume for what compaction has to rewrite.',
    explains: { compaction_status: ['background_errors', 'stalled', 'often_stalled', 'level_zero', 'pending'] },
  },
  {
    check: 'responsiveness',
    reasons: ['event_loop'],
    message: 'The event loop was blocked: nothing of this process went on meanwhile.',
    explains: { database_connectivity: ['timeout', 'event_loop'], disk_space: ['timeout', 'event_loop'] },
  },
  {
    check: 'responsiveness',
    reasons: ['thread_pool'],
    message: 'The thread pool was full: the store’s operations waited for a thread.',
    explains: { database_connectivity: ['timeout', 'thread_pool'], disk_space: ['timeout', 'thread_pool'] },
  },
  {
    check: 'compaction_status',
    reasons: ['background_errors'],
    message: 'The background work of the store fails: it takes no writes any more.',
    explains: { database_connectivity: unusable, error_rates: failures },
  },
  {
    check: 'compaction_status',
    reasons: ['stalled', 'often_stalled', 'level_zero', 'pending'],
    message: 'Compaction is behind, and the store holds its writers back.',
    explains: { database_connectivity: ['timeout', 'store'], error_rates: failures },
  },
  {
    check: 'database_connectivity',
    reasons: unusable,
    message: 'The store does not work at all, not only for its users.',
    explains: { error_rates: failures },
  },
  {
    // Last: operations hardly fail for being late, and everything else that is not well explains it better.
    check: 'responsiveness',
    message: 'The process was blocked: operations were not done in time.',
    explains: { error_rates: failures },
  },
]
