import type { Labels } from '@wombat/instrumentation'

/** A sample that is to arrive, and how to know it again where it was given another name. */
export interface ExpectedSeries {
  readonly name: string
  readonly labels: Labels
  /** Undefined of a number that goes on changing: any will do. */
  readonly value: number | undefined
  /** The part of the name that whoever renames leaves. */
  readonly stem: string
  /** Its end, where several series have that part. */
  readonly end: string
  /** Whether nobody else has this value. */
  readonly isUnique: boolean
}
