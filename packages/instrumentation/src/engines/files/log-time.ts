// LevelDB logs local time without a zone. These functions take it as milliseconds as if the zone were UTC.

/** The smallest change of any zone's offset. */
const minShiftMs = 1_800_000

/** How far around a time its zone's offset is compared. */
const nearMs = 3 * 3_600_000

/**
 * Returns the seconds between two adjacent lines; never negative. The difference of the local times is right except when the
 * clocks change. Put forward, less time has passed, as the process's zone shows. Put back, more time has passed, by the
 * change of the zone's offset. Any other step back is a corrected clock, and counts as 0.
 */
export function secondsBetween(earlierMs: number, laterMs: number): number {
  const differenceMs = laterMs - earlierMs
  if (differenceMs >= 0 && differenceMs < minShiftMs) return differenceMs / 1000
  if (differenceMs < 0) return Math.max(0, differenceMs + setBackMs(earlierMs)) / 1000
  const zonedMs = toUnixMs(laterMs) - toUnixMs(earlierMs)
  return (zonedMs >= 0 ? Math.min(differenceMs, zonedMs) : differenceMs) / 1000
}

/** Returns how far the clocks are put back around this time; 0 if they are not. */
function setBackMs(localMs: number): number {
  const offsetMinutes = (ms: number): number => new Date(ms).getTimezoneOffset()
  const unixMs = toUnixMs(localMs)
  return Math.max(0, offsetMinutes(unixMs + nearMs) - offsetMinutes(unixMs - nearMs)) * 60_000
}

/**
 * Returns Unix time in milliseconds of a line that was read at `nowMs`, within an hour after it was written. In the hour that
 * occurs twice when the clocks are put back, it is the second one, unless that is yet to come.
 */
export function unixMs(localMs: number, nowMs = Date.now()): number {
  const firstMs = toUnixMs(localMs)
  const secondMs = firstMs + setBackMs(localMs)
  // The clock may have been corrected since the line was written.
  return secondMs <= nowMs + 1000 && toLocalMs(secondMs) === toLocalMs(firstMs) ? secondMs : firstMs
}

/** Returns local time as milliseconds as if the zone were UTC. */
function toLocalMs(unixMs: number): number {
  return unixMs - new Date(unixMs).getTimezoneOffset() * 60_000
}

/** Returns Unix time in milliseconds. An hour that occurs twice is taken as the first. */
function toUnixMs(localMs: number): number {
  const local = new Date(localMs)
  const [year, month, day] = [local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate()]
  const [hour, minute, second] = [local.getUTCHours(), local.getUTCMinutes(), local.getUTCSeconds()]
  // A Date has whole milliseconds.
  return new Date(year, month, day, hour, minute, second).getTime() + (((localMs % 1000) + 1000) % 1000)
}
