import { afterEach, beforeEach, expect, test } from 'vitest'
import { StallLog } from './stall-log.ts'

const ownZone = process.env['TZ']
beforeEach(() => {
  process.env['TZ'] = 'UTC'
})
afterEach(() => {
  if (ownZone === undefined) delete process.env['TZ']
  else process.env['TZ'] = ownZone
})

const minuteMs = Date.UTC(2026, 10, 27, 15, 55)
const stamp = (second: number): string => `2026/11/27-15:55:${second.toFixed(6).padStart(9, '0')}`
const at = (second: number): number => minuteMs + second * 1000

/** Creates a log. Stalls are recorded with their seconds within the minute. */
function createLog() {
  const recorded: unknown[] = []
  const second = (ms: number): number => Math.round(ms - minuteMs) / 1000
  const log = new StallLog({
    onStallBegin: (cause, startMs) => recorded.push([cause, second(startMs)]),
    onStallEnd: (endMs) => recorded.push(['ended', second(endMs)]),
  })
  return { log, take: () => recorded.splice(0) }
}

// Lines of RocksDB 10.5.
const memtable = 'because we have 2 immutable memtables (waiting for flush), max_write_buffer_number is set to 2'
const stopped = (second: number, thread: number, reason = memtable): string =>
  `${stamp(second)} ${thread} [WARN] [db/column_family.cc:1050] [default] Stopping writes ${reason}`
const job = (second: number, thread: number, event: string): string =>
  `${stamp(second)} ${thread} (Original Log Time ${stamp(second)}) EVENT_LOG_v1 {"time_micros": ${at(second) * 1000}, "job": 3, "event": "${event}", "num_memtables": 1}`

test('a stall lasts from the warning of a writer until the next flush has ended', () => {
  const { log, take } = createLog()
  for (const line of [job(1, 20, 'flush_started'), stopped(2, 10), job(3, 20, 'flush_finished')]) log.onLine(line)
  expect(take()).toEqual([
    ['memtable', 2],
    ['ended', 3],
  ])
})

test('a stall continues if the thread that ends a job warns again', () => {
  const { log, take } = createLog()
  const lines = [stopped(1, 10), job(2, 20, 'flush_started'), stopped(3, 20), job(3.1, 20, 'flush_finished')]
  for (const line of [...lines, job(4, 20, 'flush_started'), job(5, 20, 'flush_finished')]) log.onLine(line)
  expect(take()).toEqual([
    ['memtable', 1],
    ['ended', 5],
  ])
})

test.each([
  ['level0', 'because we have 36 level-0 files'],
  ['pending_compaction', 'because of estimated pending compaction bytes 274877906944'],
])('a stall by %s ends with a compaction', (cause, reason) => {
  const { log, take } = createLog()
  log.onLine(stopped(1, 10, reason).replace('Stopping', 'Stalling'))
  log.onLine(job(9, 30, 'compaction_finished'))
  expect(take()).toEqual([
    [cause, 1],
    ['ended', 9],
  ])
})

test('a stall that ends without a line ends when the engine reports it', () => {
  const { log, take } = createLog()
  log.onLine(stopped(5, 10))
  log.confirm(false, 'memtable', at(4))
  expect(take()).toEqual([['memtable', 5]])
  log.confirm(true, 'memtable', at(14))
  expect(take()).toEqual([])
  log.confirm(false, 'memtable', at(24))
  expect(take()).toEqual([['ended', 24]])
})

test('a stall without a line begins when the engine reports it', () => {
  const { log, take } = createLog()
  log.confirm(true, 'write_buffer', at(10))
  log.confirm(true, 'write_buffer', at(20))
  log.onClosed(at(25))
  log.onClosed(at(26))
  expect(take()).toEqual([
    ['write_buffer', 10],
    ['ended', 25],
  ])
})

test('a stall that the log has ended already does not begin again', () => {
  const { log, take } = createLog()
  for (const line of [stopped(2, 10), job(4, 20, 'flush_finished')]) log.onLine(line)
  log.confirm(true, 'memtable', at(3))
  expect(take()).toHaveLength(2)
})

test('other lines and keys that look like warnings are ignored', () => {
  const { log, take } = createLog()
  for (const line of ['', 'x writes because y', `${stamp(1)} 10 [db/db_impl.cc:1] Options.name: writes because we wait`])
    log.onLine(line)
  expect(take()).toEqual([])
})
