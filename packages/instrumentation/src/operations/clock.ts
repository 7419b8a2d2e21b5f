import { performance } from 'node:perf_hooks'

/**
 * Returns the milliseconds of a monotonic clock. Imported and bound once: the global `performance` is a getter, which
 * would slow down a measured in-memory read by 5 to 9 %.
 */
export const nowMs: () => number = performance.now.bind(performance)
