import { instrument, MetricsRegistry } from '@wombat/instrumentation'

const calls = 2000
const rounds = 7

/**
 * How many seconds measuring one operation takes on this machine, beside what the store takes: the middle one of some rounds, in
 * each of which a Map is read as it is and then measured. Takes some milliseconds; 0 where the difference drowns in noise.
 */
export function operationCost(): number {
  const bare = new Map([[0, 0]])
  const measured = instrument(new Map([[0, 0]]), { registry: new MetricsRegistry() })
  const costs = Array.from({ length: rounds }, () => {
    const bareSeconds = secondsOf(bare)
    return Math.max(0, secondsOf(measured) - bareSeconds) / calls
  })
  return costs.sort((one, other) => one - other)[(rounds - 1) / 2] ?? 0
}

function secondsOf(map: Map<number, number>): number {
  let sum = 0
  const startMs = performance.now()
  for (let call = 0; call < calls; call++) sum += map.get(0) ?? 0
  // With its results in use the call cannot be left out.
  return sum + (performance.now() - startMs) / 1000
}
