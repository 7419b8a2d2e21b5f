/** What a reason most likely comes from, and what to do about it. */
export interface Remediation {
  readonly cause: string
  /** Most important first; short, and each something to do. */
  readonly nextSteps: readonly string[]
}

/** The built-in checks. */
export type CheckName =
  | 'responsiveness'
  | 'memory_usage'
  | 'disk_space'
  | 'compaction_status'
  | 'database_connectivity'
  | 'error_rates'

const stopWriting: Remediation = {
  cause: 'A disk or file system lost writes, or the files were changed while the store was open.',
  nextSteps: ['Stop writing to this store.', 'Copy its folder as it is.', 'Restore a backup, or repair the copy.'],
}

const freeSpace = [
  'Free space on the volume, or enlarge it.',
  'Find out which store grows.',
  'Compact, so that deleted keys give space back.',
]

const eventLoop: Remediation = {
  cause: 'JavaScript kept the event loop: a long computation, a large JSON, a synchronous call, or garbage collection.',
  nextSteps: [
    'Take a CPU profile while it happens.',
    'Split the work, or move it to a worker thread.',
    'Replace synchronous calls by asynchronous ones.',
  ],
}

const threadPool: Remediation = {
  cause: 'Other work than the stores’ fills the thread pool: files, DNS lookups, cryptography or compression.',
  nextSteps: [
    'Find what fills the pool: files, DNS, crypto, zlib.',
    'Raise UV_THREADPOOL_SIZE before the process starts.',
    'Limit how much of that work is in flight.',
  ],
}

const level0: Remediation = {
  cause: 'Writes come faster than compaction takes them down, or the disk is slow.',
  nextSteps: [
    'Write less for a while.',
    'Look at how busy the disk is, and with what.',
    'Enlarge the memtable, and write in batches.',
  ],
}

/** What any check may run into that waits for something, or fails itself. */
export const defaultRemediation: Readonly<Record<string, Remediation>> = {
  event_loop: eventLoop,
  thread_pool: threadPool,
  store: {
    cause: 'The disk or file system does not answer in time: it is overloaded, failing, or a network volume that is gone.',
    nextSteps: ['Look at how busy the disk is, and at the kernel’s log.', 'See whether the volume is still there.'],
  },
  exception: {
    cause: 'The check itself failed: nothing is known of what it looks at.',
    nextSteps: ['Look into the log of the application.', 'Report it with the kind of error that the message names.'],
  },
}

/** Of each check, by reason. `else` is for all other reasons. Nothing but data: the explaining is done elsewhere. */
export const remediations: {
  readonly [Name in CheckName]: Readonly<Record<string, Remediation>> & { readonly else: Remediation }
} = {
  responsiveness: { event_loop: eventLoop, thread_pool: threadPool, else: eventLoop },
  memory_usage: {
    stores: {
      cause: 'The engines of the stores hold most of the memory: caches, memtables, open iterators.',
      nextSteps: ['Lower the caches and memtables of the stores.', 'Close iterators and snapshots.', 'Raise the limit.'],
    },
    heap: {
      cause: 'JavaScript’s objects hold most of the memory.',
      nextSteps: ['Take two heap snapshots and compare them.', 'Set --max-old-space-size below the limit.', 'Raise the limit.'],
    },
    external: {
      cause: 'Buffers hold most of the memory.',
      nextSteps: [
        'Find who keeps buffers: queues, caches, slices of large ones.',
        'Read and write in streams.',
        'Raise the limit.',
      ],
    },
    other_processes: {
      cause: 'Other processes in the same control group hold most of the memory.',
      nextSteps: ['Look at the other processes of the group.', 'Give them a group of their own.', 'Raise the limit.'],
    },
    native: {
      cause: 'Memory outside JavaScript that no store accounts for: an engine that does not tell, threads, fragmentation.',
      nextSteps: ['Lower the caches of the stores.', 'Try another allocator (jemalloc).', 'Raise the limit.'],
    },
    else: {
      cause: 'The process holds more than it was given room for.',
      nextSteps: ['Look at which part of the memory grows.', 'Raise the limit.'],
    },
  },
  disk_space: {
    inaccessible: {
      cause: 'The folder is gone, may not be entered, or lies on a volume that is unmounted or has become read-only.',
      nextSteps: [
        'See whether the volume is mounted, and writable.',
        'Look at the kernel’s log for errors of the disk.',
        'Check owner and mode of the folder.',
      ],
    },
    undetermined: {
      cause: 'The file system does not say how much room it has.',
      nextSteps: ['Look at the volume by hand.', 'Watch its free space from outside.'],
    },
    no_room: {
      cause: 'Compaction needs room for a copy of what it rewrites, and the volume has less.',
      nextSteps: ['Free space on the volume, or enlarge it.', 'Write less until compaction has caught up.'],
    },
    inodes: {
      cause: 'Many small files use up the inodes of the volume.',
      nextSteps: ['Find the folders with most files.', 'Remove files, or make a file system with more inodes.'],
    },
    else: { cause: 'The volume fills up: by this store, or by what else lies on it.', nextSteps: freeSpace },
  },
  compaction_status: {
    stalled: level0,
    often_stalled: level0,
    level_zero: level0,
    pending: level0,
    background_errors: {
      cause: 'The engine could not write or read a table: a full disk, a failing one, or damaged data.',
      nextSteps: [
        'Read the engine’s own log in the store’s folder.',
        'Look at the kernel’s log for errors of the disk.',
        'Reopen the store when the cause is gone.',
      ],
    },
    silent: {
      cause: 'The engine has not answered for a while.',
      nextSteps: ['See whether operations of the store still settle.', 'Look at the event loop and the thread pool.'],
    },
    else: level0,
  },
  database_connectivity: {
    cannot_open: {
      cause: 'Another process has the store open, or its files are gone, damaged or not to be read by this user.',
      nextSteps: [
        'See whether another process holds its lock.',
        'Check that its folder is there, with owner and mode.',
        'Look into the log of the application for the error.',
      ],
    },
    cannot_write: {
      cause: 'The disk is full, read-only or failing, or the store refuses writes after an earlier error.',
      nextSteps: ['Look at the disk: space, errors, whether it is writable.', 'Read the store’s own log.', 'Reopen the store.'],
    },
    cannot_read: {
      cause: 'The disk fails, or the files of the store are gone or damaged.',
      nextSteps: ['Look at the disk and at the kernel’s log.', 'See whether the store’s files are there.', 'Reopen the store.'],
    },
    integrity: stopWriting,
    corruption: stopWriting,
    opening: {
      cause: 'The store is being opened, and may have a log to recover.',
      nextSteps: ['Wait.', 'Where it lasts for minutes, look at the store’s own log.'],
    },
    event_loop: eventLoop,
    thread_pool: threadPool,
    store: {
      cause: 'The store itself is slow: its disk, its compaction, or more operations at once than it can do.',
      nextSteps: [
        'Look at how busy the disk is.',
        'Limit how many operations are in flight.',
        'Look for long transactions and open iterators.',
      ],
    },
    else: {
      cause: 'The try of the store failed for a reason of its own.',
      nextSteps: ['Look into the log of the application.', 'Look at the disk and at the store’s own log.'],
    },
  },
  error_rates: {
    corruption: stopWriting,
    else: {
      cause: 'The store refuses operations: what kind of errors they are says why.',
      nextSteps: [
        'Look at db_errors_total by operation and error_type.',
        'Look into the log of the application.',
        'Look at the disk: space, errors.',
      ],
    },
  },
}
