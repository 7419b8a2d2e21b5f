// LevelDB's log has local time without its zone. Here that is the milliseconds it would be if its zone were UTC.

/** No zone's clocks are put forward or back by less. */
const leastShiftMs = 1_800_000

const nearMs = 3 * 3_600_000

/**
 * Seconds that passed between two neighbouring lines; never negative. What the digits say is right on all days but two: when
 * the clocks are put forward this process' zone knows that less has passed, and when they are put back the digits fall
 * behind, by as much as the zone's offset changes about then. Any other step back is a clock that was corrected: nothing
 * passed.
 */
export function secondsBetween(earlierMs: number, laterMs: number): number {
  const saidMs = laterMs - earlierMs
  if (saidMs >= 0 && saidMs < leastShiftMs) return saidMs / 1000
  if (saidMs < 0) return Math.max(0, saidMs + putBackMs(earlierMs)) / 1000
  const zonedMs = inZone(laterMs) - inZone(earlierMs)
  return (zonedMs >= 0 ? Math.min(saidMs, zonedMs) : saidMs) / 1000
}

/** By how much the clocks are put back around this time; 0 where they are not. */
function putBackMs(localMs: number): number {
  const offsetMinutes = (ms: number): number => new Date(ms).getTimezoneOffset()
  const unixMs = inZone(localMs)
  return Math.max(0, offsetMinutes(unixMs + nearMs) - offsetMinutes(unixMs - nearMs)) * 60_000
}

/** Unix time in milliseconds. An hour that comes twice is taken for the first. */
function inZone(localMs: number): number {
  const local = new Date(localMs)
  const [year, month, day] = [local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate()]
  const [hour, minute, second] = [local.getUTCHours(), local.getUTCMinutes(), local.getUTCSeconds()]
  // A Date has whole milliseconds.
  return new Date(year, month, day, hour, minute, second).getTime() + (((localMs % 1000) + 1000) % 1000)
}
