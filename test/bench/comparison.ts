import type { Spread } from './spread.ts'

/** One of the alternatives that a comparison measures. */
export interface Case {
  readonly name: string
  /** Runs before each pass, without being timed. */
  readonly before?: () => void | Promise<void>
  /** The timed work: `unitsPerPass` units. */
  readonly pass: () => void | Promise<void>
  /** Runs after each pass, without being timed. */
  readonly after?: () => void
}

/** The expected ratio or time. The output shows whether it is met. Missing it is not an error: times on a busy machine are not reliable. */
export interface Goal {
  readonly is: 'at least' | 'at most'
  readonly value: number
}

/** The time of one case divided by that of another; both are names of cases. */
export interface RatioOf {
  readonly of: string
  readonly to: string
  readonly goal?: Goal
}

/** Cases that do the same work, and the ratios to compute from them. */
export interface Comparison {
  readonly name: string
  /** Name of one unit of the work: `record`, `operation`, `entry`, `collection`. */
  readonly per: string
  readonly unitsPerPass: number
  readonly cases: readonly Case[]
  readonly ratios: readonly RatioOf[]
}

export interface CaseResult {
  readonly name: string
  /** Nanoseconds per unit, over all rounds. */
  readonly nanoseconds: Spread
  /** Only for cases in which the slowest passes matter. */
  readonly p95Nanoseconds?: number
  /** Memory, in the cases in which that matters. */
  readonly bytes?: Spread
  /** Expected time in nanoseconds. */
  readonly goal?: Goal & { readonly met: boolean }
  /** Expected memory in bytes. */
  readonly bytesGoal?: Goal & { readonly met: boolean }
}

export interface RatioResult extends Spread {
  readonly of: string
  readonly to: string
  readonly goal?: Goal & { readonly met: boolean }
}

export interface ComparisonResult {
  readonly name: string
  readonly per: string
  readonly rounds: number
  readonly cases: readonly CaseResult[]
  readonly ratios: readonly RatioResult[]
}

/** Amount of work: enough for reliable results, or only enough for a smoke test. */
export interface Effort {
  readonly rounds: number
  readonly warmUpRounds: number
  /** Whether stores and passes are small. */
  readonly quick: boolean
  /** Size of the store of the `engine` part. */
  readonly engineBytes: number
}
