/** Steps that people recognize, in seconds. */
const niceSteps = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400]

/** More points than this are closer than the pixels of most charts. */
const maxPoints = 400

/**
 * Returns the step for a range: the smallest that people recognize with at most 400 points, and never shorter than the interval of the
 * samples, because there is nothing between two samples.
 */
export function chooseStepMs(spanMs: number, sampleIntervalMs: number): number {
  const least = Math.max(spanMs / maxPoints, sampleIntervalMs)
  const seconds = niceSteps.find((step) => step * 1000 >= least) ?? Math.ceil(least / 86_400_000) * 86_400
  // A step between two multiples of the interval would show a sample twice now and then.
  return Math.ceil((seconds * 1000) / sampleIntervalMs) * sampleIntervalMs
}

/** Returns the last multiple of `stepMs` that is not after `timeMs`. */
export function alignDown(timeMs: number, stepMs: number): number {
  return Math.floor(timeMs / stepMs) * stepMs
}
