import type { Finding } from '../check.ts'
import { type HealthStatus, isUnmeasurable, isWorse } from '../status.ts'

/** A status with the bound at which it starts and the bound at which it ends. */
export interface ThresholdLevel {
  readonly status: HealthStatus
  readonly enter: number
  readonly leave: number
}

/**
 * Returns the worst level that applies to a value, with the bound that was crossed; undefined if none applies. A level that
 * the check already has, or a milder one, ends only at its `leave` bound, so a value that swings around `enter` does not flap.
 *
 * @param levels worst first.
 * @param isPast whether a value is past a bound: above it, or below.
 */
export function thresholdLevel<Level extends ThresholdLevel>(
  value: number,
  levels: readonly Level[],
  previousStatus: HealthStatus,
  isPast: (value: number, bound: number) => boolean,
): (Level & { readonly bound: number }) | undefined {
  for (const level of levels) {
    // `unknown` is not a level of the value: it was not entered.
    const isActive = previousStatus !== 'unknown' && !isWorse(level.status, previousStatus)
    const bound = isActive ? level.leave : level.enter
    if (isPast(value, bound)) return { ...level, bound }
  }
  return undefined
}

/** Compares for values that are bad if they exceed the bound. */
export const above = (value: number, bound: number): boolean => value > bound
/** Compares for values that are bad from the bound on. */
export const atLeast = (value: number, bound: number): boolean => value >= bound
/** Compares for values that are bad if they fall below the bound. */
export const below = (value: number, bound: number): boolean => value < bound

/**
 * Returns the worst finding; the first one if several are equally bad; undefined if there are none. What cannot be measured is worse than
 * `healthy` only.
 */
export function worstFinding(findings: readonly Finding[]): Finding | undefined {
  let worst: Finding | undefined
  for (const finding of findings) {
    if (worst === undefined || isWorseFinding(finding, worst)) worst = finding
  }
  return worst
}

function isWorseFinding(finding: Finding, than: Finding): boolean {
  if (isUnmeasurable(finding)) return than.status === 'healthy'
  return isUnmeasurable(than) ? finding.status !== 'healthy' : isWorse(finding.status, than.status)
}
