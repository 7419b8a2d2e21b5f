/** How much each process of the service records. */
export interface Load {
  /** Counters with labels of their own; each is one line of the page. */
  readonly counters: number
  /** Histograms with labels of their own; each is 25 lines of the page. */
  readonly histograms: number
}

/** What a process that serves the page reports of itself. */
export interface ServerReport {
  /** The longest time in milliseconds for which its event loop did nothing else. */
  readonly longestBlockMs: number
  readonly residentBytes: number
}

/** The bounds of the histograms: 22 buckets and one above them. */
export const bounds = [
  1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
  10,
] as const

/** How many lines of the page a histogram takes: a bucket for each bound, one above them, the sum and the count. */
export const linesPerHistogram = bounds.length + 3

/** Every process records into this share of its series each second. */
export const activeShare = 0.1
const intervalMs = 100

/** Calls `record` for a part of the series, again and again, so that all active ones get a value each second. */
export function keepRecording(count: number, record: (index: number) => void): void {
  const perInterval = Math.ceil((count * activeShare * intervalMs) / 1000)
  let next = 0
  setInterval(() => {
    for (let done = 0; done < perInterval; done++) record(next++ % count)
  }, intervalMs)
}

/** Measures the longest time for which the event loop of this process does nothing else. */
export function watchLongestBlock(): () => ServerReport {
  let longestBlockMs = 0
  let lastMs = performance.now()
  setInterval(() => {
    const nowMs = performance.now()
    longestBlockMs = Math.max(longestBlockMs, nowMs - lastMs - 1)
    lastMs = nowMs
  }, 1)
  return () => {
    const report = { longestBlockMs, residentBytes: process.memoryUsage.rss() }
    longestBlockMs = 0
    return report
  }
}
