/** How much the service of the benchmark has and does. */
export interface Load {
  readonly stores: number
  /** Lines of the page for Prometheus. */
  readonly lines: number
  /** Series of the history on disk, which ended before the service started. */
  readonly historySeries: number
  readonly historyDays: number
  /** Alerts that fire. */
  readonly alerts: number
  /** Where OTLP and notifications are sent. */
  readonly sinkUrl: string
  /** Folder for the history. */
  readonly folder: string
  /** Whether to find out what ran in long blocks. */
  readonly profiled: boolean
}

/** Where the service answers. */
export interface Service {
  readonly jsonPort: number
  readonly prometheusPort: number
  /** The last time in the history on disk, in Unix milliseconds. */
  readonly historyEndMs: number
}

/** How long the event loop was held, as seen from outside. All times in milliseconds. */
export interface DelayReport {
  readonly turns: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly maxMs: number
  /** Blocks of 5 ms or more. */
  readonly longBlocks: number
  /** The same in CPU time of the thread: what other programs took away does not count. */
  readonly cpuP999Ms: number
  readonly cpuMaxMs: number
  readonly cpuLongBlocks: number
  /** Busy share of the event loop's thread, 0 to 1. */
  readonly cpuShare: number
  readonly residentMiB: number
  /** What ran in long blocks, if the service was profiled: the longest first. */
  readonly culprits: readonly Culprit[]
}

/** What ran during long blocks, in CPU time. */
export interface Culprit {
  readonly part: string
  readonly blocks: number
  readonly maxMs: number
}
