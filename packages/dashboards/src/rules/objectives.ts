import { latencyBounds } from '@wombat/instrumentation'

/** Service level objectives of every store. The error budget is what they leave: 0.1 % of the operations for 0.999. */
export interface Objectives {
  /** Share of operations that must succeed (default 0.999). */
  readonly availability?: number
  /** Share of gets and sets that must take at most `latencySeconds` (default 0.99). */
  readonly latency?: number
  /** Latency limit in seconds; must be a bucket bound of the latency histograms (default 0.1). */
  readonly latencySeconds?: number
  /**
   * Operations that a window must contain before it can alert (default 100). It must also contain five bad ones, so that
   * a single one never alerts.
   */
  readonly minimumOperations?: number
  /**
   * Whether the latency objective reads native histograms where there are any, and else the buckets (default false: only the buckets). Their
   * values below the limit are estimated within a bucket, with an error of 4.4 % of the limit. VictoriaMetrics cannot evaluate these rules.
   */
  readonly nativeHistograms?: boolean
}

/** The fastest burn rate that alerts: it uses up a budget of 30 days in two. */
const fastestBurnRate = 14.4

/**
 * Returns the objectives with defaults applied.
 *
 * @throws RangeError if an objective cannot be met or cannot be violated.
 */
export function validateObjectives({
  availability = 0.999,
  latency = 0.99,
  latencySeconds = 0.1,
  minimumOperations = 100,
  nativeHistograms = false,
}: Objectives = {}): Required<Objectives> {
  const minimum = 1 - 1 / fastestBurnRate
  for (const [name, share] of Object.entries({ availability, latency })) {
    if (!(share > minimum && share < 1)) {
      throw new RangeError(
        `${name} must be between ${minimum.toFixed(4)} and 1, both excluded, got ${share}: 1 leaves no error budget; with a lower value, a total failure does not reach the burn rate of ${fastestBurnRate}`,
      )
    }
  }
  if (!latencyBounds.includes(latencySeconds)) {
    throw new RangeError(
      `latencySeconds must be a bucket bound of the latency histograms (${latencyBounds.join(', ')}), got ${latencySeconds}`,
    )
  }
  if (!Number.isInteger(minimumOperations) || minimumOperations < 1) {
    throw new RangeError(`minimumOperations must be a whole number of 1 or more, got ${minimumOperations}`)
  }
  return { availability, latency, latencySeconds, minimumOperations, nativeHistograms }
}
