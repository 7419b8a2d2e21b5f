/** One configurable number that a check compares its measurement with. */
export interface Bound {
  /** Default value. */
  readonly value: number
  readonly unit: 'bytes' | 'seconds' | 'share' | 'count' | 'factor'
  /** Meaning of the number; the end of a validation error. */
  readonly description: string
  /** Allowed minimum and maximum, if narrower than the unit allows. */
  readonly range?: readonly [min: number, max: number]
  /** Another bound of the same check that must be greater than this one. */
  readonly below?: string
}

/** The bounds of a check, by name. Names are unique across all checks. */
export type Bounds = Readonly<Record<string, Bound>>

/** The values that a check gets for its bounds. */
export type BoundValues<Of extends Bounds> = { readonly [Name in keyof Of]: number }

/** The period that counters are compared over; shared by the checks of errors and of compaction. */
export const windowBounds = {
  windowSeconds: {
    value: 300,
    unit: 'seconds',
    description: 'period over which errors and write stalls are counted',
    range: [30, 3600],
  },
} as const satisfies Bounds
