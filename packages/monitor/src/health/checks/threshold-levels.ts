import type { Finding } from '../check.ts'
import { type HealthStatus, healthStatuses } from '../status.ts'

/** One state of a number, with the bound it begins at and the one it ends at. */
export interface ThresholdLevel {
  readonly status: HealthStatus
  readonly enter: number
  readonly leave: number
}

/**
 * The worst of these states that a number is in, and the bound that says so; undefined where it is in none. A state that the
 * check is in already, or in a worse one, holds until the number is past the bound where it ends.
 *
 * @param levels worst first.
 * @param isPast whether a number is past a bound: above it, or below.
 */
export function thresholdLevel<Of extends ThresholdLevel>(
  value: number,
  levels: readonly Of[],
  before: HealthStatus,
  isPast: (value: number, bound: number) => boolean,
): (Of & { readonly bound: number }) | undefined {
  for (const level of levels) {
    // `unknown` is no state of the number: nothing was entered there.
    const isIn = before !== 'unknown' && healthStatuses.indexOf(before) >= healthStatuses.indexOf(level.status)
    const bound = isIn ? level.leave : level.enter
    if (isPast(value, bound)) return { ...level, bound }
  }
  return undefined
}

export const above = (value: number, bound: number): boolean => value > bound
export const atLeast = (value: number, bound: number): boolean => value >= bound
export const below = (value: number, bound: number): boolean => value < bound

/** The worst of them; of equally bad ones the first. Undefined where there is none. */
export function worstFinding(findings: readonly Finding[]): Finding | undefined {
  let found: Finding | undefined
  for (const finding of findings) {
    if (found === undefined || healthStatuses.indexOf(finding.status) > healthStatuses.indexOf(found.status)) found = finding
  }
  return found
}
