import { instrument, MetricsRegistry } from '@wombat/instrumentation'

/** So few keep the event loop for a fraction of a millisecond, and for some milliseconds only while they are being compiled. */
const callsInRound = 250
/** In as many rounds as this the compiler has come to the code that it measures. */
const rounds = 80
/** The last of them, by which the code is as it will stay. */
const counted = 21
const defaultEveryMs = 25

/**
 * Finds out how many seconds measuring one operation takes on this machine, beside what the store takes, and tells it once, after
 * about two seconds: 0 where the difference drowns in noise. Code that was just loaded is many times slower than it will be, so
 * that this takes twenty thousand calls; they are made a few at a time, lest the application's start waits for them. In each round
 * a Map is read as it is and then measured; of the last rounds the middle one counts. Returns the way to stop.
 */
export function measureOperationCost(told: (seconds: number) => void, everyMs = defaultEveryMs): () => void {
  const bare = new Map([[0, 0]])
  const measured = instrument(new Map([[0, 0]]), { registry: new MetricsRegistry() })
  const costs: number[] = []
  const timer = setInterval(() => {
    const bareSeconds = measureSeconds(bare)
    costs.push(Math.max(0, measureSeconds(measured) - bareSeconds) / callsInRound)
    if (costs.length < rounds) return
    clearInterval(timer)
    const last = costs.slice(-counted).sort((one, other) => one - other)
    told(last[(counted - 1) / 2] as number)
  }, everyMs).unref()
  return () => clearInterval(timer)
}

function measureSeconds(map: Map<number, number>): number {
  let sum = 0
  const startMs = performance.now()
  for (let call = 0; call < callsInRound; call++) sum += map.get(0) ?? 0
  // With its results in use the call cannot be left out.
  return sum + (performance.now() - startMs) / 1000
}
