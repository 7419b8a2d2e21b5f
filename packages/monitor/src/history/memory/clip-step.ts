import type { Step } from './tier.ts'

/**
 * Returns the samples of a step that lie after `fromMs` and until `toMs`; undefined if there are none. They are assumed to be evenly
 * spaced, a counter to grow evenly, and a gauge to follow the line through the step. The minimum and maximum stay those of the step.
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
  const { slope, meanSeconds, mean } = regression(step)
  const spacing = spacingMs / 1000
  // Sums of 0, 1, 2, … and of their squares.
  const timeSum = (spacing * (count * (count - 1))) / 2
  const timeSquares = (spacing * spacing * ((count - 1) * count * (2 * count - 1))) / 6
  const clippedMean = mean + slope * (firstIndex * spacing + timeSum / count - meanSeconds)
  return {
    ...step,
    firstMs: step.firstMs + firstIndex * spacingMs,
    lastMs: step.firstMs + lastIndex * spacingMs,
    count,
    first: valueAt(firstIndex),
    last: valueAt(lastIndex),
    sum: clippedMean * count,
    timeSum,
    timeSquares,
    moment: clippedMean * timeSum + slope * (timeSquares - (timeSum * timeSum) / count),
  }
}

/** Returns the line through the samples of a step; its time is in seconds since the first sample. */
function regression({ count, sum, timeSum, timeSquares, moment }: Step) {
  const variance = timeSquares - (timeSum * timeSum) / count
  const slope = variance > 0 ? (moment - (timeSum * sum) / count) / variance : 0
  return { slope, meanSeconds: timeSum / count, mean: sum / count }
}
