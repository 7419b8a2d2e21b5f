import { beforeEach, describe, expect, test } from 'vitest'
import { type Compaction, type Flush, RocksDBEventLog } from './event-log.ts'

const flushes: Flush[] = []
const compactions: Compaction[] = []
let log: RocksDBEventLog

beforeEach(() => {
  flushes.length = 0
  compactions.length = 0
  log = new RocksDBEventLog({
    onFlush: (flush) => flushes.push(flush),
    onCompaction: (compaction) => compactions.push(compaction),
  })
})

// Lines of RocksDB 10.5.

describe('a flush', () => {
  const lines = [
    '2026/11/23-10:39:20.094 9005 EVENT_LOG_v1 {"time_micros": 1795430360094000, "job": 2, "event": "flush_started", "num_memtables": 1, "total_num_input_entries": 1000, "num_deletes": 0, "total_data_size": 1016445, "memory_usage": 1040824, "num_range_deletes": 0, "flush_reason": "Write Buffer Full"}',
    '2026/11/23-10:39:20.095 9005 EVENT_LOG_v1 {"time_micros": 1795430360095000, "cf_name": "default", "job": 2, "event": "blob_file_creation", "file_number": 10, "total_blob_count": 1000, "total_blob_bytes": 1036886, "status": "OK"}',
    '2026/11/23-10:39:20.096 9005 EVENT_LOG_v1 {"time_micros": 1795430360096000, "cf_name": "default", "job": 2, "event": "table_file_creation", "file_number": 9, "file_size": 23740, "table_properties": {"data_size": 21227}, "status": "OK"}',
    '2026/11/23-10:39:20.104 9005 (Original Log Time 2026/11/23-10:39:20.104) EVENT_LOG_v1 {"time_micros": 1795430360104000, "job": 2, "event": "flush_finished", "output_compression": "NoCompression", "lsm_state": [1, 0], "immutable_memtables": 0}',
  ]

  test('is reported when it has finished, with the bytes of tables and blobs', () => {
    for (const line of lines) log.onLine(line)
    expect(flushes).toEqual([{ endMs: 1795430360104, bytes: 1036886 + 23740, durationSeconds: 0.01 }])
  })

  test('is reported once', () => {
    for (const line of [...lines, ...lines.slice(-1)]) log.onLine(line)
    expect(flushes).toHaveLength(1)
  })

  test('that began before the first line is not reported: its size is unknown', () => {
    for (const line of lines.slice(1)) log.onLine(line)
    expect(flushes).toEqual([])
  })
})

describe('a compaction', () => {
  const started =
    '2026/11/23-10:44:27.146 10980 EVENT_LOG_v1 {"time_micros": 1795430667146544, "job": 31, "event": "compaction_started", "cf_name": "default", "compaction_reason": "LevelL0FilesNum", "files_L0": [91, 88, 85, 82], "files_L6": [81], "score": 1, "input_data_size": 314110, "oldest_snapshot_seqno": -1}'
  const finished =
    '2026/11/23-10:44:27.156 10980 (Original Log Time 2026/11/23-10:44:27.156) EVENT_LOG_v1 {"time_micros": 1795430667156058, "job": 31, "event": "compaction_finished", "compaction_time_micros": 8737, "compaction_time_cpu_micros": 4115, "output_level": 6, "num_output_files": 1, "total_output_size": 219161, "num_input_records": 14000, "num_output_records": 10000, "num_subcompactions": 1, "lsm_state": [0, 0, 1]}'

  test('is reported with input and output files and bytes, its duration and its CPU time', () => {
    log.onLine(started)
    log.onLine(finished)
    expect(compactions).toEqual([
      {
        endMs: 1795430667156.058,
        outputLevel: 6,
        inputFiles: 5,
        outputFiles: 1,
        inputBytes: 314110,
        outputBytes: 219161,
        durationSeconds: 0.008737,
        cpuSeconds: 0.004115,
      },
    ])
  })

  test('that rewrote blob files counts them as input and output', () => {
    log.onLine(started)
    const blobs = '"num_blob_output_files": 1, "total_blob_output_size": 1036886, '
    log.onLine(finished.replace('"num_input_records"', `${blobs}$&`))
    expect(compactions).toMatchObject([{ inputBytes: 314110 + 1036886, outputBytes: 219161 + 1036886, outputFiles: 1 }])
  })

  test('that only moves a table is not reported', () => {
    log.onLine(
      '2026/11/23-10:49:23.549925 13686 EVENT_LOG_v1 {"time_micros": 1795430963549887, "job": 9, "event": "trivial_move", "destination_level": 6, "files": 1, "total_files_size": 408767}',
    )
    expect(compactions).toEqual([])
  })

  test('that never ends is dropped after many others', () => {
    log.onLine(started)
    for (let job = 100; job < 400; job++) log.onLine(started.replace('"job": 31', `"job": ${job}`))
    log.onLine(finished)
    log.onLine(finished.replace('"job": 31', '"job": 399'))
    expect(compactions).toHaveLength(1)
  })

  test('of a column family with a name that breaks the JSON is ignored', () => {
    log.onLine(started.replace('"default"', '"a "quoted" name"'))
    log.onLine(finished)
    expect(compactions).toEqual([])
  })
})

test('other lines are ignored', () => {
  log.onLine('')
  log.onLine(
    '2026/11/23-10:44:27.231024 10975 [db/db_impl/db_impl_write.cc:2590] [default] New memtable created with log file: #110.',
  )
  log.onLine('2026/11/23-10:44:27.231024 10975 EVENT_LOG_v1 {"event": "flush_started"')
  log.onLine('2026/11/23-10:44:27.231024 10975 EVENT_LOG_v1 {"job": "2", "event": "flush_finished"}')
  log.onLine('2026/11/23-10:44:27.231024 10975 EVENT_LOG_v1 null "event": "flush_finished"')
  expect([flushes, compactions]).toEqual([[], []])
})
