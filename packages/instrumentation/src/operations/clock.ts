import { performance } from 'node:perf_hooks'

/**
 * Milliseconds on a clock that never goes back. Imported and bound once: the global `performance` is a getter, which would cost
 * a measured operation 5 to 9 % of an in-memory read.
 */
export const nowMs: () => number = performance.now.bind(performance)
