import { afterEach, expect, test } from 'vitest'
import { secondsBetween, unixMs } from './log-time.ts'

const ownZone = process.env['TZ']
afterEach(() => {
  if (ownZone === undefined) delete process.env['TZ']
  else process.env['TZ'] = ownZone
})

/** Parses LevelDB's format `2026/03/29-01:59:59.9`. */
function at(text: string): number {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, seconds = 0] = text.split(/[/:-]/).map(Number)
  return Date.UTC(year, month - 1, day, hour, minute) + seconds * 1000
}

function between(zone: string, earlier: string, later: string): number {
  process.env['TZ'] = zone
  return secondsBetween(at(earlier), at(later))
}

test('seconds are the difference of the local times, to the microsecond', () => {
  expect(between('UTC', '2026/11/23-10:49:09.164199', '2026/11/23-10:49:09.166416')).toBeCloseTo(0.002217, 6)
  expect(between('Europe/Berlin', '2026/11/23-10:49:09.5', '2026/11/23-12:49:10.0')).toBeCloseTo(7200.5, 6)
})

test('the difference is right across midnight and the end of a month and a year', () => {
  expect(between('Europe/Berlin', '2026/11/23-23:59:59.75', '2026/11/24-00:00:00.25')).toBeCloseTo(0.5, 6)
  expect(between('Europe/Berlin', '2028/02/28-23:59:59.75', '2028/02/29-00:00:00.25')).toBeCloseTo(0.5, 6)
  expect(between('Europe/Berlin', '2026/12/31-23:59:59.75', '2027/01/01-00:00:00.25')).toBeCloseTo(0.5, 6)
})

test('when the clocks are put forward, the skipped hour does not count', () => {
  expect(between('Europe/Berlin', '2026/03/29-01:59:59.9', '2026/03/29-03:00:00.1')).toBeCloseTo(0.2, 6)
  expect(between('America/New_York', '2026/03/08-01:59:00', '2026/03/08-03:01:00')).toBeCloseTo(120, 6)
  expect(between('Australia/Lord_Howe', '2026/10/04-01:59:59.9', '2026/10/04-02:30:00.1')).toBeCloseTo(0.2, 6)
})

test('when the clocks are put back, the difference is neither negative nor an hour', () => {
  expect(between('Europe/Berlin', '2026/10/25-02:59:59.9', '2026/10/25-02:00:00.1')).toBeCloseTo(0.2, 6)
  expect(between('Europe/Berlin', '2026/10/25-02:50:00', '2026/10/25-02:20:00')).toBeCloseTo(1800, 6)
  expect(between('Australia/Lord_Howe', '2026/04/05-01:59:59.9', '2026/04/05-01:30:00.1')).toBeCloseTo(0.2, 6)
  // The repeated hour, up to where the local time is unambiguous again.
  expect(between('Europe/Berlin', '2026/10/25-02:59:59.9', '2026/10/25-03:00:00.1')).toBeCloseTo(0.2, 6)
  expect(between('Europe/Berlin', '2026/10/25-02:10:00', '2026/10/25-02:10:01')).toBeCloseTo(1, 6)
})

test('a corrected clock never gives a negative difference', () => {
  expect(between('UTC', '2026/11/23-10:00:05', '2026/11/23-10:00:00')).toBe(0)
  expect(between('Europe/Berlin', '2026/06/01-10:00:05', '2026/05/31-10:00:00')).toBe(0)
})

test('a line has the Unix time at which it was written, in summer and in winter', () => {
  process.env['TZ'] = 'Europe/Berlin'
  expect(unixMs(at('2026/07/01-12:00:00.25'))).toBe(Date.UTC(2026, 6, 1, 10, 0, 0, 250))
  expect(unixMs(at('2026/12/01-12:00:00.25'))).toBe(Date.UTC(2026, 11, 1, 11, 0, 0, 250))
  expect(unixMs(at('2026/03/29-01:59:59'))).toBe(Date.UTC(2026, 2, 29, 0, 59, 59))
  expect(unixMs(at('2026/03/29-03:00:01'))).toBe(Date.UTC(2026, 2, 29, 1, 0, 1))
})

test.each([
  ['Europe/Berlin', Date.UTC(2026, 9, 25, 1)],
  ['America/New_York', Date.UTC(2026, 10, 1, 6)],
  ['Australia/Lord_Howe', Date.UTC(2026, 3, 4, 15)],
])('in %s, every line around the hour that occurs twice has its time, if it is read within ten seconds', (zone, changeMs) => {
  process.env['TZ'] = zone
  for (let writtenMs = changeMs - 3 * 3_600_000; writtenMs < changeMs + 3 * 3_600_000; writtenMs += 7_001) {
    const localMs = writtenMs - new Date(writtenMs).getTimezoneOffset() * 60_000
    for (const laterMs of [0, 10_000]) expect(unixMs(localMs, writtenMs + laterMs)).toBe(writtenMs)
  }
})
