/** The most likely cause of a reason, and what to do about it. */
export interface Remediation {
  readonly cause: string
  /** Most important first. Each step is one short instruction. */
  readonly nextSteps: readonly string[]
}

/** Remediations by reason. `else` covers all reasons that are not listed. */
export type Remediations = Readonly<Record<string, Remediation>> & { readonly else: Remediation }

/** Corrupted data, found by any check. */
export const corruptedData: Remediation = {
  cause: 'The disk or file system lost writes, or the files were changed while the store was open.',
  nextSteps: [
    'Stop writing to this store.',
    'Copy its directory before changing anything.',
    'Restore a backup, or repair the copy.',
  ],
}

/** An event loop that was blocked for most of a check's time. */
export const blockedEventLoop: Remediation = {
  cause: 'JavaScript blocked the event loop: a long computation, large JSON, a synchronous call, or garbage collection.',
  nextSteps: [
    'Take a CPU profile while it happens.',
    'Split the work, or move it to a worker thread.',
    'Replace synchronous calls with asynchronous ones.',
  ],
}

/** A thread pool that was full with work other than that of measured stores. */
export const fullThreadPool: Remediation = {
  cause: 'Work other than store operations fills the thread pool: files, DNS lookups, cryptography, or compression.',
  nextSteps: [
    'Find what fills the pool: files, DNS, crypto, zlib.',
    'Set a higher UV_THREADPOOL_SIZE before the process starts.',
    'Limit how much of that work runs concurrently.',
  ],
}

/** Remediations of reasons that every check may report: it timed out, or it threw. A check's own entries take precedence. */
export const commonRemediations: Readonly<Record<string, Remediation>> = {
  event_loop: blockedEventLoop,
  thread_pool: fullThreadPool,
  store: {
    cause: 'The disk or file system does not respond in time: it is overloaded, failing, or a disconnected network volume.',
    nextSteps: ['Check disk utilization and the kernel log.', 'Check whether the volume is still mounted.'],
  },
  unmeasurable: {
    cause: "The platform does not have what the check reads, or Node's permission model refuses it.",
    nextSteps: ['Read the message of the check: it names what is missing or refused.', 'Or turn the check off.'],
  },
  exception: {
    cause: 'The check itself failed, so the state of what it checks is unknown.',
    nextSteps: ['Read the application log.', 'Report the failure with the error type from the message.'],
  },
}
