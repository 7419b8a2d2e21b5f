import { expect, test } from 'vitest'
import { parseLine } from './log-line.ts'

/** Parses a line, without its time. */
function parseEvent(message: string): unknown {
  const { atMs: _at, ...rest } = parseLine(`2026/11/23-10:49:09.164199 7f82ea3fd6c0 ${message}`) ?? {}
  return rest
}

test.each([
  ['Level-0 table #9: started', { kind: 'flush started', table: 9 }],
  ['Level-0 table #9: 84691 bytes OK', { kind: 'flush ended', table: 9, bytes: 84691, ok: true }],
  ['Level-0 table #9: 0 bytes IO error: /db/000009.ldb: No space left', { kind: 'flush ended', table: 9, bytes: 0, ok: false }],
  ['Compacting 4@0 + 3@1 files', { kind: 'compaction started' }],
  ['Generated table #105@0: 1960 keys, 827242 bytes', { kind: 'table written', table: 105, bytes: 827242 }],
  ['Compacted 4@0 + 3@1 files => 2954494 bytes', { kind: 'compaction ended', level: 1, inputFiles: 7, outputBytes: 2954494 }],
  ['compacted to: files[ 8 3 1 0 0 0 0 ]', { kind: 'compaction finished' }],
  ['Delete type=2 #78', { kind: 'table deleted', table: 78 }],
  ['Delete type=0 #98', { kind: 'log deleted' }],
  ['Delete type=3 #1', { kind: 'other' }],
  ['Current memtable full; waiting...', { kind: 'stalled', cause: 'memtable' }],
  ['Too many L0 files; waiting...', { kind: 'stalled', cause: 'level0' }],
  ['Moved #12 to level-2 1081632 bytes OK: files[ 0 1 2 0 0 0 0 ]', { kind: 'other' }],
  ["Manual compaction at level-0 from 'a' @ 7 : 1 .. (end); will stop at (end)", { kind: 'other' }],
  ['Expanding@1 1+2 (1+2 bytes) to 2+2 (2+2 bytes)', { kind: 'other' }],
  ['Recovering log #3', { kind: 'other' }],
  ['MANIFEST write: IO error: no space', { kind: 'manifest failed' }],
  ['Compaction error: Corruption: block checksum mismatch', { kind: 'compaction failed' }],
  ['Waiting after background compaction error: IO error', { kind: 'compaction failed' }],
  ['(ignoring error) /db/000003.log: dropping 123 bytes; Corruption: bad record', { kind: 'corruption' }],
  ['Ignoring error Corruption: unknown WriteBatch tag', { kind: 'corruption' }],
])('it understands %s', (message, expected) => {
  expect(parseEvent(message)).toEqual(expected)
})

test('a key in a line is not taken for an event', () => {
  expect(parseEvent("Manual compaction at level-0 from ': dropping 5 bytes; Compaction error: ' @ 1 : 1 .. (end)")).toEqual({
    kind: 'other',
  })
})

test('the time of a line has microseconds, on Windows milliseconds', () => {
  const seconds = Date.UTC(2026, 10, 23, 10, 49, 9)
  expect(parseLine('2026/11/23-10:49:09.164199 7f82ea3fd6c0 Recovering log #3')?.atMs).toBeCloseTo(seconds + 164.199, 3)
  const windows = parseLine('2026/11/23-10:49:09.164 1a2c Compacting 4@0 + 3@1 files')
  expect(windows).toMatchObject({ kind: 'compaction started', atMs: seconds + 164 })
})

test.each([
  '',
  'x',
  '/11/23-10:49:09.164199 7f82ea3fd6c0 Compacting 4@0 + 3@1 files',
  '2026/11/23-10:49:09.164199 7f82ea3fd6c0 ',
  '\ufffd\ufffd\u0000',
])('it takes no notice of %j', (text) => {
  expect(parseLine(text)).toBeUndefined()
})
