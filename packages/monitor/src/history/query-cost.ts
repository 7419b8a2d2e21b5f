import type { TimeSlices } from '../time/time-slices.ts'
import type { SearchableHistory } from './history.ts'
import type { Steps } from './series-query.ts'

/** What a client can change to ask for less: parameters of a query. */
export type QueryRemedy = 'step' | 'start' | 'window' | 'labels'

/** The work of a query: so many series are read at each step. */
export interface QueryReads extends Pick<Steps, 'startMs' | 'stepMs' | 'count'> {
  readonly series: number
  /** How far back each read looks, in milliseconds; 0 if it reads the value at the step. */
  readonly windowMs: number
  /** What its client can change. A longer step reads less if the window stays as it is. */
  readonly remedies: readonly QueryRemedy[]
}

/** A query that would read too many samples. The message has what it would cost, the limit and how to ask for less. */
export class QueryCostError extends Error {}

/** Returns how many samples a query will read. @throws QueryCostError if they are more than `maxSamples`. Nothing is read. */
export async function checkQueryCost(
  history: SearchableHistory,
  reads: QueryReads,
  maxSamples: number,
  slices: TimeSlices,
): Promise<number> {
  const { series, windowMs, startMs, stepMs, count } = reads
  let samples = 0
  let largestStep = 0
  for (let index = 0; index < count; index++) {
    if (slices.isDue) await slices.pause()
    const timeMs = startMs + index * stepMs
    const atStep = series * (windowMs === 0 ? 1 : history.countSamples(timeMs - windowMs, timeMs))
    samples += atStep
    largestStep = Math.max(largestStep, atStep)
  }
  if (samples > maxSamples) throw new QueryCostError(costMessage(reads, samples, largestStep, maxSamples))
  return samples
}

function costMessage(reads: QueryReads, samples: number, largestStep: number, maxSamples: number): string {
  const { series, windowMs, stepMs, count } = reads
  const window = windowMs === 0 ? '' : `, each with a window of ${formatPeriod(windowMs)}`
  const fittingStepMs = Math.ceil((stepMs * count) / Math.floor(maxSamples / largestStep))
  const mayReadOneStep = count > 1 && largestStep <= maxSamples
  const texts: Readonly<Record<QueryRemedy, string | undefined>> = {
    step: mayReadOneStep ? `a step of ${formatPeriod(fittingStepMs)} or longer` : undefined,
    start: mayReadOneStep ? 'a later start' : undefined,
    window: windowMs > 0 ? 'a shorter window' : undefined,
    labels: 'label matchers',
  }
  const remedies = reads.remedies.flatMap((remedy) => texts[remedy] ?? [])
  const advice = remedies.length === 0 ? 'raise the limit' : `use ${remedies.join(', ').replace(/, (?=[^,]*$)/, ' or ')}`
  return `a query may read at most ${maxSamples} samples (queryMaxSamples), this one would read ${samples} (${count} ${count === 1 ? 'step' : 'steps'} of ${series} series${window}): ${advice}`
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const

/** Returns a period as a parameter expects it, such as `5m`: rounded up to a whole number of the largest unit of which it has two. */
function formatPeriod(periodMs: number): string {
  const exact = units.find(([, unitMs]) => periodMs >= unitMs && periodMs % unitMs === 0)
  const [unit, unitMs] = exact ?? units.find(([, unitMs]) => periodMs >= 2 * unitMs) ?? (['ms', 1] as const)
  return `${Math.ceil(periodMs / unitMs)}${unit}`
}
