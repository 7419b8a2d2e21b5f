import { performance } from 'node:perf_hooks'
import { instrument, MetricsRegistry } from '@wombat/instrumentation'
import { compare } from '../compare.ts'
import type { Case, ComparisonResult, Effort } from '../comparison.ts'

const [clock, everyOne, oneInSixteen] = ['two clock readings, nothing recorded', 'every one timed', 'one in 16 timed']

/** Compares sampling ratios with an operation that takes almost no time itself. */
export async function* sampling(effort: Effort): AsyncGenerator<ComparisonResult> {
  const keys = Array.from({ length: effort.quick ? 1024 : 16_384 }, (_, index) => index)
  yield await compare(
    {
      name: 'get of a Map',
      per: 'get',
      unitsPerPass: keys.length,
      cases: [
        reading('bare', filled(keys), keys),
        reading(clock, new Clocked(filled(keys)), keys),
        reading(everyOne, measured(keys, 1), keys),
        reading(oneInSixteen, measured(keys, 16), keys),
        reading('one in 64 timed', measured(keys, 64), keys),
      ],
      ratios: [
        { of: oneInSixteen, to: clock, goal: { is: 'at most', value: 1 } },
        { of: oneInSixteen, to: everyOne },
        { of: 'one in 64 timed', to: everyOne },
      ],
    },
    effort,
  )
}

/** Reads a map and sums the results, so that the compiler cannot remove the reads. */
function reading(name: string, map: Map<number, number>, keys: readonly number[]): Case {
  let total = 0
  return {
    name,
    pass() {
      for (const key of keys) total += map.get(key) ?? 0
      if (!(total > 0)) throw new Error('the map is empty')
    },
  }
}

function filled(keys: readonly number[]): Map<number, number> {
  return new Map(keys.map((key) => [key, key]))
}

/** The minimum for timing every operation: reads the clock before and after, and adds the difference. */
class Clocked extends Map<number, number> {
  spentMs = 0

  override get(key: number): number | undefined {
    const startMs = now()
    try {
      return super.get(key)
    } finally {
      this.spentMs += now() - startMs
    }
  }
}

const now = performance.now.bind(performance)

function measured(keys: readonly number[], sampleInterval: number): Map<number, number> {
  const registry = new MetricsRegistry()
  registry.observer.sampleInterval = sampleInterval
  return instrument(filled(keys), { name: 'bench', registry })
}
