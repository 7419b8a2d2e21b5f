import { instrument, MetricsRegistry } from '@wombat/instrumentation'

/** So few that a round blocks the event loop for a fraction of a millisecond, or for a few milliseconds before it is compiled. */
const callsPerRound = 250
/** So many that the code is compiled well before the last ones. */
const roundCount = 80
/** The last rounds, of which the median counts. */
const countedRounds = 21

/**
 * How many times as much the same work costs in place, between operations that are waited for, as in a loop of nothing else: its data and code
 * are not in the caches. Measured with 16 gets of classic-level at once: 0.3 to 0.4 µs against 0.1 (test/bench).
 */
const inPlaceFactor = 3

export interface OperationCostOptions {
  /** Milliseconds between two rounds (default 25). */
  readonly intervalMs?: number
  /** Returns a monotonic time in milliseconds (default `performance.now`). */
  readonly now?: () => number
}

/**
 * Measures how many seconds the measurement of one operation adds on this machine where it is used, and publishes it once, after about
 * two seconds: three times what it adds in a loop. Publishes 0 if the difference is smaller than the noise. Code is many times slower until it is compiled, so this takes
 * twenty thousand calls, a few at a time: they must not delay the start of the application. Each round reads a plain Map and a
 * measured one. Returns a function that stops the measurement.
 */
export function measureOperationCost(
  publish: (seconds: number) => void,
  { intervalMs = 25, now = () => performance.now() }: OperationCostOptions = {},
): () => void {
  const plain = new Map([[0, 0]])
  const measured = instrument(new Map([[0, 0]]), { registry: new MetricsRegistry() })
  const costs: number[] = []
  const timer = setInterval(() => {
    const plainSeconds = measureRound(plain, now)
    costs.push(Math.max(0, measureRound(measured, now) - plainSeconds) / callsPerRound)
    if (costs.length < roundCount) return
    clearInterval(timer)
    publish(median(costs.slice(-countedRounds)) * inPlaceFactor)
  }, intervalMs).unref()
  return () => clearInterval(timer)
}

function measureRound(map: Map<number, number>, now: () => number): number {
  let sum = 0
  const startMs = now()
  for (let call = 0; call < callsPerRound; call++) sum += map.get(0) ?? 0
  // The compiler could leave out calls without a used result. The sum is 0.
  return sum + (now() - startMs) / 1000
}

/** Returns the median of an odd number of values. */
function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[(values.length - 1) / 2] as number
}
