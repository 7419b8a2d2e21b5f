import { expect, test } from 'vitest'
import { type Compaction, type LevelDBEvents, LevelDBLog } from './log.ts'

/** Creates a log and records its events, with durations in milliseconds for readability. */
function createLog() {
  const recorded: unknown[] = []
  const ms = (seconds: number | undefined): number | undefined => seconds && Math.round(seconds * 1000)
  const events: LevelDBEvents = {
    onFlush: ({ bytes, seconds }) => recorded.push(['flushed', bytes, ms(seconds)]),
    onCompaction: ({ seconds, localMs: _, ...rest }: Compaction) => recorded.push(['compacted', { ...rest, ms: ms(seconds) }]),
    onInputBytes: (bytes) => recorded.push(['input', bytes]),
    onCompactionInput: (inputBytes, outputBytes) => recorded.push(['write amplification', outputBytes / inputBytes]),
    onStallBegin: (cause) => recorded.push(['stalled', cause]),
    onStallEnd: (cause, seconds) => recorded.push(['resumed', cause, ms(seconds)]),
    onStallAbandoned: (cause, seconds) => recorded.push(['abandoned', cause, ms(seconds)]),
    onBackgroundError: () => recorded.push(['failed']),
  }
  const leveldb = new LevelDBLog(events)
  leveldb.onRestart()
  return {
    leveldb,
    /** Adds lines, each with its second within one minute. Returns the events. */
    feed(...lines: Array<[second: number, message: string]>): unknown[] {
      for (const [second, message] of lines) {
        leveldb.onLine(`2026/11/23-23:59:${second.toFixed(6).padStart(9, '0')} 7f82ea3fd6c0 ${message}`)
      }
      return recorded.splice(0)
    },
  }
}

const compaction: Array<[number, string]> = [
  [1, 'Compacting 2@0 + 0@1 files'],
  [2, 'Generated table #7@0: 10 keys, 300 bytes'],
  [3, 'Compacted 2@0 + 0@1 files => 300 bytes'],
  [3, 'compacted to: files[ 0 1 0 0 0 0 0 ]'],
]
const itsEvent = ['compacted', { level: 1, inputFiles: 2, outputFiles: 1, outputBytes: 300, ms: 2000 }]

test('a flush has bytes and a duration; a flush of an empty memtable does not count', () => {
  const { feed } = createLog()
  expect(feed([1, 'Level-0 table #5: started'], [1.25, 'Level-0 table #5: 1081925 bytes OK'])).toEqual([
    ['flushed', 1081925, 250],
  ])
  expect(feed([2, 'Level-0 table #6: started'], [2.1, 'Level-0 table #6: 0 bytes OK'])).toEqual([])
})

test('a compaction has read the tables that are deleted right after it', () => {
  const { leveldb, feed } = createLog()
  leveldb.inputs.updateTables(new Map([[5, 400]]))
  feed([0, 'Level-0 table #6: started'], [0, 'Level-0 table #6: 200 bytes OK'], [0, 'Delete type=0 #4'])
  expect(feed(...compaction, [4, 'Delete type=2 #6'], [4, 'Delete type=2 #5'])).toEqual([
    itsEvent,
    ['input', 200],
    ['input', 400],
    ['write amplification', 0.5],
  ])
  expect(feed([5, 'Delete type=2 #5'])).toEqual([])
})

test('a stall that is logged before the deletions does not hide them', () => {
  const { leveldb, feed } = createLog()
  leveldb.inputs.updateTables(
    new Map([
      [5, 400],
      [6, 200],
    ]),
  )
  const [first, ...others] = compaction.toReversed()
  if (first === undefined) throw new Error('there are lines')
  expect(
    feed(...others.reverse(), [3, 'Current memtable full; waiting...'], first, [4, 'Delete type=2 #6'], [4, 'Delete type=2 #5']),
  ).toContainEqual(['write amplification', 0.5])
})

test("the time of a flush during a compaction does not count as the compaction's", () => {
  const { feed } = createLog()
  expect(
    feed(
      [1, 'Compacting 4@0 + 1@1 files'],
      [2, 'Level-0 table #18: started'],
      [5, 'Level-0 table #18: 84694 bytes OK'],
      [5, 'Delete type=0 #14'],
      [6, 'Compacted 4@0 + 1@1 files => 0 bytes'],
    ),
  ).toEqual([
    ['flushed', 84694, 3000],
    ['compacted', { level: 1, inputFiles: 5, outputFiles: 0, outputBytes: 0, ms: 2000 }],
  ])
})

test('of jobs that began before the first line, only the end is known', () => {
  const { feed } = createLog()
  expect(
    feed(
      [1, 'Level-0 table #5: 100 bytes OK'],
      [2, 'Generated table #7@0: 1 keys, 9 bytes'],
      [3, 'Compacted 1@1 + 0@2 files => 99 bytes'],
    ),
  ).toEqual([
    ['flushed', 100, undefined],
    ['compacted', { level: 2, inputFiles: 1, outputFiles: undefined, outputBytes: 99, ms: undefined }],
  ])
})

test('a table that is written while the store closes never becomes part of it', () => {
  const { leveldb, feed } = createLog()
  expect(feed([1, 'Level-0 table #5: started'], [2, 'Level-0 table #5: 100 bytes OK'])).toHaveLength(1)
  leveldb.onRestart()
  expect(feed([3, 'Delete type=0 #4'], [3, 'Delete type=2 #5'])).toEqual([])
})

test('a failed compaction is an error, and its tables never become part of the store', () => {
  const { leveldb, feed } = createLog()
  const failing: Array<[number, string]> = [
    [1, 'Compacting 2@0 + 0@1 files'],
    [2, 'Generated table #7@0: 10 keys, 300 bytes'],
    [3, 'compacted to: files[ 2 0 0 0 0 0 0 ]'],
  ]
  expect(feed(...failing, [3, 'Compaction error: IO error: no space'])).toEqual([['failed']])
  expect(leveldb.compactionsRunning).toBe(0)
  leveldb.onRestart()
  expect(feed([4, 'Delete type=2 #7'])).toEqual([])
  // A failure to write the list of tables is logged twice and is one error.
  expect(feed([5, 'MANIFEST write: IO error: no space'], [5, 'Compaction error: IO error: no space'])).toEqual([['failed']])
})

test('writers that wait for a memtable continue when its log is deleted, those that wait for level 0 at the next flush', () => {
  const { feed, leveldb } = createLog()
  expect(
    feed(
      [1, 'Current memtable full; waiting...'],
      [2, 'Current memtable full; waiting...'],
      [3, 'Level-0 table #5: started'],
      [4, 'Level-0 table #5: 100 bytes OK'],
    ),
  ).toEqual([
    ['stalled', 'memtable'],
    ['flushed', 100, 1000],
  ])
  expect([leveldb.stallSeconds('memtable', 0.5), leveldb.stallSeconds('level0', 0.5)]).toEqual([3.5, 0])
  expect(feed([4.5, 'Delete type=0 #3'])).toEqual([['resumed', 'memtable', 3500]])
  expect(leveldb.stallSeconds('memtable', 9)).toBe(0)
  expect(
    feed(
      [5, 'Too many L0 files; waiting...'],
      [6, 'Compacted 4@0 + 3@1 files => 2 bytes'],
      [7, 'Too many L0 files; waiting...'],
      [9, 'Level-0 table #8: started'],
    ),
  ).toMatchObject([
    ['stalled', 'level0'],
    ['compacted', {}],
    ['resumed', 'level0', 4000],
  ])
})

test('a background error ends the stalls of waiting writers', () => {
  const { feed } = createLog()
  expect(feed([1, 'Current memtable full; waiting...'], [3, 'Level-0 table #5: 0 bytes IO error: no space'])).toEqual([
    ['stalled', 'memtable'],
    ['resumed', 'memtable', 2000],
    ['failed'],
  ])
})

test('whether a compaction runs is known from the first line about one', () => {
  const fromTheMiddle = new LevelDBLog({} as LevelDBEvents)
  fromTheMiddle.onLine('2026/11/23-23:59:01.000000 7f82ea3fd6c0 Level-0 table #5: started')
  expect(fromTheMiddle.compactionsRunning).toBeUndefined()
  fromTheMiddle.onLine('2026/11/23-23:59:01.000000 7f82ea3fd6c0 Compacting 2@0 + 0@1 files')
  expect(fromTheMiddle.compactionsRunning).toBe(1)
  fromTheMiddle.onRestart()
  expect(fromTheMiddle.compactionsRunning).toBe(0)
})

test('after another opening nothing of the previous log continues', () => {
  const { leveldb, feed } = createLog()
  feed([1, 'Compacting 2@0 + 0@1 files'], [2, 'Too many L0 files; waiting...'])
  leveldb.onRestart()
  expect(feed([3, 'Level-0 table #5: started'], [4, 'Compacted 2@0 + 0@1 files => 5 bytes'])).toEqual([
    ['abandoned', 'level0', 0],
    ['compacted', { level: 1, inputFiles: 2, outputFiles: undefined, outputBytes: 5, ms: undefined }],
  ])
  expect(leveldb.stallSeconds('level0', 1)).toBe(0)
})

test('text that is not a log line is ignored', () => {
  const { leveldb, feed } = createLog()
  leveldb.onLine('')
  leveldb.onLine('\ufffd\ufffd')
  expect(feed([1, 'Recovering log #3'])).toEqual([])
})
