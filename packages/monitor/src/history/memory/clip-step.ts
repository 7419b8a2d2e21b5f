import type { Step } from './tier.ts'

/**
 * Returns the samples of a step that lie after `fromMs` and until `toMs`; undefined if there are none. They are assumed to be evenly
 * spaced, and a counter to grow evenly. The minimum and maximum stay those of the whole step.
 */
export function clipStep(step: Step, fromMs: number, toMs: number): Step | undefined {
  if (step.firstMs > fromMs && step.lastMs <= toMs) return step
  const spacingMs = step.count > 1 ? (step.lastMs - step.firstMs) / (step.count - 1) : 0
  if (spacingMs === 0) return undefined
  const firstIndex = step.firstMs > fromMs ? 0 : Math.floor((fromMs - step.firstMs) / spacingMs + 1e-9) + 1
  const lastIndex = step.lastMs <= toMs ? step.count - 1 : Math.floor((toMs - step.firstMs) / spacingMs + 1e-9)
  const count = lastIndex - firstIndex + 1
  if (count <= 0) return undefined
  const valueAt = (index: number): number => step.first + ((step.last - step.first) * index) / (step.count - 1)
  return {
    ...step,
    firstMs: step.firstMs + firstIndex * spacingMs,
    lastMs: step.firstMs + lastIndex * spacingMs,
    count,
    first: valueAt(firstIndex),
    last: valueAt(lastIndex),
    sum: (step.sum * count) / step.count,
  }
}
