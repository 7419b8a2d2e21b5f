import type { Spread } from './spread.ts'

/** One way of doing the work that a comparison is about. */
export interface Case {
  readonly name: string
  /** Before each pass, not timed. */
  readonly before?: () => void | Promise<void>
  /** The timed work: as many units as the comparison says. */
  readonly pass: () => void | Promise<void>
  /** After each pass, not timed. */
  readonly after?: () => void
}

/** What a ratio, or a time, should be. It is shown as met or missed and fails nothing: times on a busy machine prove little. */
export interface Goal {
  readonly is: 'at least' | 'at most'
  readonly value: number
}

/** One case's time over another's; both are names of cases. */
export interface RatioOf {
  readonly of: string
  readonly to: string
  readonly goal?: Goal
}

/** Cases that do the same work, and what to learn from them. */
export interface Comparison {
  readonly name: string
  /** What one unit of the work is: `record`, `operation`, `entry`, `collection`. */
  readonly per: string
  readonly unitsPerPass: number
  readonly cases: readonly Case[]
  readonly ratios: readonly RatioOf[]
}

export interface CaseResult {
  readonly name: string
  /** Nanoseconds for one unit, over all rounds. */
  readonly nanoseconds: Spread
  /** Where the slow ones are what matters. */
  readonly p95Nanoseconds?: number
  /** What that should be, in nanoseconds. */
  readonly goal?: Goal & { readonly met: boolean }
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

/** How much to do: enough to trust the numbers, or only enough to see that everything runs. */
export interface Effort {
  readonly rounds: number
  readonly warmUpRounds: number
  /** Shrinks stores and passes. */
  readonly quick: boolean
  /** How large the store is whose engine is read. */
  readonly engineBytes: number
}
