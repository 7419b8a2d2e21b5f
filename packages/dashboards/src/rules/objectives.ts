import { latencyBounds } from '@wombat/instrumentation'

/** What is promised of every store; what may go wrong nevertheless is the error budget. */
export interface Objectives {
  /** The share of operations that succeed (default 0.999). */
  readonly availability?: number
  /** The share of gets and sets that are fast enough (default 0.99). */
  readonly latency?: number
  /** What fast enough is: a bound of the latency histograms (default 0.1). */
  readonly latencySeconds?: number
  /** How many operations a window must have seen before it can alert: of fewer, one failure would burn the budget (default 100). */
  readonly minimumOperations?: number
}

/** The fastest burn that is alerted on: the budget of 30 days would be used up in two. */
const fastestBurn = 14.4

/**
 * The objectives, all decided.
 *
 * @throws RangeError for one that could not be kept, or never be seen to be missed.
 */
export function validateObjectives({
  availability = 0.999,
  latency = 0.99,
  latencySeconds = 0.1,
  minimumOperations = 100,
}: Objectives = {}): Required<Objectives> {
  const least = 1 - 1 / fastestBurn
  for (const [name, share] of Object.entries({ availability, latency })) {
    if (!(share > least && share < 1)) {
      throw new RangeError(
        `${name} must lie between ${least.toFixed(4)} and 1, got ${share}: with 1 there is no budget, and with less, failing altogether would not burn it ${fastestBurn} times too fast`,
      )
    }
  }
  if (!latencyBounds.includes(latencySeconds)) {
    throw new RangeError(
      `latencySeconds must be one of ${latencyBounds.join(', ')}, got ${latencySeconds}: where a bucket ends is all that a histogram can tell`,
    )
  }
  if (!Number.isInteger(minimumOperations) || minimumOperations < 1) {
    throw new RangeError(`minimumOperations must be a whole number of 1 or more, got ${minimumOperations}: nothing says nothing`)
  }
  return { availability, latency, latencySeconds, minimumOperations }
}
