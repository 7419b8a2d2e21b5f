/** A time stamp of LevelDB's log: local time, without its zone. In milliseconds. */
export interface LocalTime {
  /** As if its zone were UTC: what the digits say. */
  readonly plainMs: number
  /** As this process' zone has it. An hour that comes twice, when summer time ends, is taken for the first. */
  readonly zonedMs: number
}

export function localTime(year: number, month: number, day: number, hour: number, minute: number, seconds: number): LocalTime {
  const whole = Math.floor(seconds)
  const fractionMs = (seconds - whole) * 1000
  return {
    plainMs: Date.UTC(year, month - 1, day, hour, minute, whole) + fractionMs,
    zonedMs: new Date(year, month - 1, day, hour, minute, whole).getTime() + fractionMs,
  }
}

const nearMs = 3 * 3_600_000

/**
 * Seconds that passed between two neighbouring lines; never negative. What the digits say is right on all days but two: when
 * the clocks are put forward the zone knows that less has passed, and when they are put back the digits fall behind, by as
 * much as the zone's offset changes about then. Any other step back is a clock that was corrected: nothing passed.
 */
export function secondsBetween(earlier: LocalTime, later: LocalTime): number {
  const plainMs = later.plainMs - earlier.plainMs
  const zonedMs = later.zonedMs - earlier.zonedMs
  if (plainMs >= 0) return (zonedMs >= 0 ? Math.min(plainMs, zonedMs) : plainMs) / 1000
  return Math.max(0, plainMs + putBackMs(earlier)) / 1000
}

/** By how much the clocks are put back around this time; 0 where they are not. */
function putBackMs({ zonedMs }: LocalTime): number {
  const offsetMinutes = (ms: number): number => new Date(ms).getTimezoneOffset()
  return Math.max(0, offsetMinutes(zonedMs + nearMs) - offsetMinutes(zonedMs - nearMs)) * 60_000
}
