import { expect, test } from 'vitest'
import { formatBytes } from './bytes.ts'
import { formatDuration, parseParameterDuration, toParameterDuration } from './durations.ts'
import { formatNumber, formatRate, formatShare } from './numbers.ts'
import { formatRelativeTime, toInputTime } from './times.ts'
import { formatValue, isCounted, unitName, unitOf } from './units.ts'

test('a duration is written in the unit that fits it', () => {
  expect([3.4e-7, 0.00034, 0.0012, 0.9996, 4.5, 61, 11_520, 86_400 * 3].map(formatDuration)).toEqual([
    '340 ns',
    '340 µs',
    '1.2 ms',
    '1 s',
    '4.5 s',
    '1 min 1 s',
    '3 h 12 min',
    '3 d',
  ])
  expect(formatDuration(0)).toBe('0 s')
})

test('a duration just below the next unit is not written as 1,000 of the lower one', () => {
  expect(formatDuration(0.00099999)).toBe('1 ms')
  expect(formatDuration(59.99)).toBe('1 min')
})

test('a size has binary units', () => {
  expect([0, 900, 13_002_342, 1024 ** 3, 1024 ** 2 - 1].map(formatBytes)).toEqual(['0 B', '900 B', '12.4 MiB', '1 GiB', '1 MiB'])
})

test('a number has separators and no more digits than people read', () => {
  expect([1240.4, 12.3456, 0.00123, 7, 2_500_000].map(formatNumber)).toEqual(['1,240', '12.3', '0.00123', '7', '2.5 M'])
})

test('a rare rate is written per minute or hour', () => {
  expect([1240, 0.05, 0.0005, 0].map(formatRate)).toEqual(['1,240 /s', '3 /min', '1.8 /h', '0 /s'])
})

test('a share that is not 0 never looks like 0, and one below 1 never looks like all', () => {
  expect([0, 0.000_001, 0.125, 0.999_996, 1].map(formatShare)).toEqual(['0 %', '< 0.01 %', '12.5 %', '99.999 %', '100 %'])
})

test('a value is written by its unit', () => {
  expect(formatValue(0.002, 's')).toBe('2 ms')
  expect(formatValue(2048, 'By/s')).toBe('2 KiB/s')
  expect(formatValue(12, '{operation}/s')).toBe('12 /s')
  expect(formatValue(0.5, '%')).toBe('50 %')
  expect(formatValue(3, 'Cel')).toBe('3 Cel')
  expect(unitOf('{operation}', 'rate')).toBe('{operation}/s')
  expect(unitName('{operation}/s')).toBe('operations per second')
  expect(unitName('{entry}')).toBe('entries')
  expect(unitName('{alert}')).toBe('alerts')
})

test('what is counted is whole; its rate and a ratio are not', () => {
  expect(['{iterator}', '{iterator}/s', '{ratio}', 's', ''].map(isCounted)).toEqual([true, false, false, false, false])
})

test('what is not finite is named, not hidden', () => {
  expect(formatValue(Number.NaN, 's')).toBe('not a number')
  expect(formatValue(Number.POSITIVE_INFINITY, 'By')).toBe('∞')
})

test('a parameter duration is read as it was written', () => {
  expect([900_000, 3_600_000, 86_400_000, 90_000, 1500].map(toParameterDuration)).toEqual(['15m', '1h', '1d', '90s', '1500ms'])
  expect(parseParameterDuration('15m')).toBe(900_000)
  expect(parseParameterDuration('soon')).toBeUndefined()
})

test('a relative time is rough', () => {
  expect([0, 40, 600, 7200, 200_000, -300].map((seconds) => formatRelativeTime(-seconds * 1000, 0))).toEqual([
    'just now',
    '40 s ago',
    '10 min ago',
    '2 h ago',
    '2 d ago',
    'in 5 min',
  ])
})

test('an input shows the time of the zone of the reader', () => {
  expect(new Date(toInputTime(1_790_000_000_000)).getTime()).toBe(1_790_000_000_000)
})
