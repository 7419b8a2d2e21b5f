import type { DatabaseSync } from 'node:sqlite'
import type { PausableWork } from '../../time/time-slices.ts'
import { columnList, findDamage, lostSeriesId, prepareInsert, type Row, type TableName, tables, toIds, toValues } from './rows.ts'
import { type Run, readRunsBackup, writeRunsBackup } from './runs.ts'
import { transaction } from './transaction.ts'

/** What was whole in a damaged file, and what was not. */
export interface SalvageReport {
  /** Points in time with samples that were kept. */
  keptSamples: number
  /** Rows that are damaged, and parts that cannot be read or are missing. */
  damagedParts: number
  lostBlocks: number
  lostSeries: number
  lostTexts: number
  /** Periods without samples that had some, as "from/to" in ISO 8601, the first ten. */
  readonly gaps: string[]
}

/** The same key is looked for in at most so many parts of a table that cannot be read. */
const maxProbes = 4000
const maxGaps = 10
const rowsPerTransaction = 32

/**
 * Copies all rows of a damaged file that are whole into a new one. Rows around a damaged page are found by their keys. Never throws for
 * damage; an error of the new file is thrown.
 */
export function* salvage(from: DatabaseSync, to: DatabaseSync): PausableWork<SalvageReport> {
  const report: SalvageReport = { keptSamples: 0, damagedParts: 0, lostBlocks: 0, lostSeries: 0, lostTexts: 0, gaps: [] }
  const texts = yield* readWhole(from, 'kept', report)
  report.lostTexts = texts.damaged
  const insertText = prepareInsert(to, 'kept', 'INSERT OR REPLACE')
  for (const { name, value } of yield* texts.rows()) insertText(String(name), String(value))
  const runs = yield* copyRuns(from, to, report)
  const series = yield* readWhole(from, 'series', report)
  const known = new Set<number>()
  const insertSeries = prepareInsert(to, 'series')
  yield* inTransactions(to, yield* series.rows(), ({ id, name, labels, is_counter, hour_ms }) => {
    insertSeries(Number(id), String(name), String(labels), Number(is_counter), Number(hour_ms))
    known.add(Number(id))
  })
  const unknown = new Set<number>()
  const samples = new SampleCopier(to, runs, report, (id) => {
    if (known.has(id)) return true
    unknown.add(id)
    return false
  })
  const blocks = yield* readWhole(from, 'chunk', report)
  for (const key of blocks.keys) {
    const row = blocks.row(key)
    if (row === undefined) continue
    transaction(to, () => samples.addBlock(row))
    yield
  }
  const rows = yield* readWhole(from, 'tick', report)
  for (let start = 0; start < rows.keys.length; start += rowsPerTransaction) {
    transaction(to, () => {
      for (const key of rows.keys.slice(start, start + rowsPerTransaction)) samples.addRow(rows.row(key))
    })
    yield
  }
  transaction(to, () => samples.end())
  report.lostSeries = Math.max(series.damaged, unknown.size)
  report.damagedParts = Math.max(report.damagedParts, report.gaps.length)
  return report
}

/** The keys from `low` to `high`. */
interface KeyRange {
  readonly low: number
  readonly high: number
}

/** The rows of a table that are whole. */
interface WholeRows {
  /** Ascending. */
  readonly keys: readonly number[]
  /** Rows that are damaged, and 1 for what cannot be read. */
  readonly damaged: number
  row(key: number): Row | undefined
  /** For small tables. */
  rows(): PausableWork<Row[]>
}

/** Finds the rows of a table that are whole: by reading it from both ends, and around each part that cannot be read. */
function* readWhole(database: DatabaseSync, table: TableName, report: SalvageReport): PausableWork<WholeRows> {
  const { key } = tables[table]
  const prepare = (order: 'ASC' | 'DESC') => {
    const query = `SELECT ${key} AS key, ${columnList(table)} FROM ${table} WHERE ${key} BETWEEN ? AND ? ORDER BY ${key} ${order} LIMIT 1`
    return attempt(() => database.prepare(query))
  }
  const [ascending, descending] = [prepare('ASC'), prepare('DESC')]
  const keys = new Set<number>()
  let damaged = 0
  let isUnreadable = ascending === undefined || descending === undefined
  const ranges: KeyRange[] = isUnreadable ? [] : [{ low: Number.MIN_SAFE_INTEGER, high: Number.MAX_SAFE_INTEGER }]
  /** Returns the next key of a range; undefined if it cannot be read, and null if there is none. */
  const step = (statement: typeof ascending, low: number, high: number): number | null | undefined => {
    const result = attempt(() => ({ row: statement?.get(low, high) as Row | undefined }))
    if (result === undefined) return undefined
    if (result.row === undefined) return null
    const found = result.row['key'] as number
    if (!(found >= low && found <= high)) return undefined
    if (findDamage(table, result.row) === undefined) keys.add(found)
    else damaged++
    return found
  }
  /** Reads a range from one of its ends. Returns what is left of it, from the first part that cannot be read on; undefined if nothing is. */
  function* walk(statement: typeof ascending, { low, high }: KeyRange, isUp: boolean): PausableWork<KeyRange | undefined> {
    let rest: KeyRange = { low, high }
    while (rest.low <= rest.high) {
      const found = step(statement, rest.low, rest.high)
      if (found === null) return undefined
      if (found === undefined) return rest
      rest = isUp ? { low: found + 1, high } : { low, high: found - 1 }
      yield
    }
    return undefined
  }
  for (let probes = 0; probes < maxProbes; probes++) {
    const range = ranges.shift()
    if (range === undefined) break
    const above = yield* walk(ascending, range, true)
    const between = above && (yield* walk(descending, above, false))
    if (between === undefined) continue
    isUnreadable = true
    const { low, high } = between
    const middle = Math.min(high - 1, Math.floor(low / 2 + high / 2))
    if (low < high) ranges.push({ low, high: middle }, { low: middle + 1, high })
    yield
  }
  damaged += isUnreadable ? 1 : 0
  report.damagedParts += damaged
  const statement = attempt(() => database.prepare(`SELECT ${columnList(table)} FROM ${table} WHERE ${key} = ?`))
  const row = (one: number): Row | undefined => {
    const found = attempt(() => statement?.get(one) as Row | undefined)
    // Another way through the tree may lead to another row.
    return found !== undefined && findDamage(table, found) === undefined ? found : undefined
  }
  const sorted = [...keys].sort((one, other) => one - other)
  return {
    keys: sorted,
    damaged,
    row,
    *rows() {
      const all: Row[] = []
      for (const one of sorted) {
        const found = row(one)
        if (found !== undefined) all.push(found)
        yield
      }
      return all
    },
  }
}

/** Copies the runs. Those of a damaged table are in a text as well, because all samples would be dated wrongly without them. */
function* copyRuns(from: DatabaseSync, to: DatabaseSync, report: SalvageReport): PausableWork<readonly Run[]> {
  const runs = new Map<number, Run>()
  for (const run of readRunsBackup(to)) runs.set(run.fromMs, run)
  const found = yield* readWhole(from, 'run', report)
  for (const { from_ms, offset_ms } of yield* found.rows())
    runs.set(Number(from_ms), { fromMs: Number(from_ms), offsetMs: Number(offset_ms) })
  const sorted = [...runs.values()].sort((one, other) => one.fromMs - other.fromMs)
  const insert = prepareInsert(to, 'run')
  transaction(to, () => {
    for (const { fromMs, offsetMs } of sorted) insert(fromMs, offsetMs, null)
    writeRunsBackup(to, sorted)
  })
  return sorted
}

/** Inserts blocks and rows of samples in the order of their times, and links them. */
class SampleCopier {
  readonly #runs: readonly Run[]
  readonly #report: SalvageReport
  readonly #isKnown: (id: number) => boolean
  readonly #database: DatabaseSync
  readonly #insertBlock: ReturnType<typeof prepareInsert>
  readonly #insertRow: ReturnType<typeof prepareInsert>
  #blocks = 0
  #lastBlockId: number | undefined
  #lastBlockMs = Number.NEGATIVE_INFINITY
  #lastMs: number | undefined
  /** Where the row before ended, as it was linked in the damaged file. */
  #isAfterBlock = true

  constructor(database: DatabaseSync, runs: readonly Run[], report: SalvageReport, isKnown: (id: number) => boolean) {
    this.#database = database
    this.#runs = runs
    this.#report = report
    this.#isKnown = isKnown
    this.#insertBlock = prepareInsert(database, 'chunk')
    this.#insertRow = prepareInsert(database, 'tick')
  }

  addBlock({ id, from_ms, to_ms, ticks, series, body }: Row): void {
    const [fromMs, toMs] = [Number(from_ms), Number(to_ms)]
    const missing = this.#lastBlockId === undefined ? 0 : Number(id) - this.#lastBlockId - 1
    if (missing > 0) this.#addGap(this.#lastMs, fromMs)
    this.#report.lostBlocks += Math.max(0, missing)
    this.#lastBlockId = Number(id)
    const ids = toIds(series).map((one) => (one === lostSeriesId || this.#isKnown(one) ? one : lostSeriesId))
    this.#insertBlock(++this.#blocks, fromMs, toMs, Number(ticks), new Uint8Array(ids.buffer), body as Uint8Array)
    this.#report.keptSamples += Number(ticks)
    this.#lastMs = toMs
    this.#lastBlockMs = Math.max(this.#lastBlockMs, toMs)
  }

  addRow(row: Row | undefined): void {
    if (row === undefined) return
    const timeMs = Number(row['time_ms'])
    const previousMs = row['previous_ms'] as number | null
    // A damaged tree may lead to rows that were deleted when they were compacted.
    if (timeMs <= this.#lastBlockMs) return
    if (previousMs !== null && this.#lastMs !== undefined) {
      const isMissing = this.#isAfterBlock ? previousMs > this.#lastMs : previousMs !== this.#lastMs
      if (isMissing) this.#addGap(this.#lastMs, timeMs)
    }
    this.#isAfterBlock = false
    const values = toValues(row['samples'])
    values.forEach((value, id) => {
      if (!Number.isNaN(value) && !this.#isKnown(id)) values[id] = Number.NaN
    })
    this.#insertRow(timeMs, this.#lastMs ?? null, new Uint8Array(values.buffer))
    this.#report.keptSamples++
    this.#lastMs = timeMs
  }

  /** Links the last row. */
  end(): void {
    const run = this.#runs.at(-1)
    if (run === undefined || this.#lastMs === undefined) return
    prepareInsert(this.#database, 'run', 'INSERT OR REPLACE')(run.fromMs, run.offsetMs, this.#lastMs)
  }

  #addGap(fromMs: number | undefined, toMs: number): void {
    if (this.#report.gaps.length >= maxGaps) return
    const format = (recordingMs: number): string => {
      const offsetMs = this.#runs.findLast((run) => run.fromMs <= recordingMs)?.offsetMs ?? 0
      return new Date(Math.min(8.64e15, recordingMs + offsetMs)).toISOString()
    }
    this.#report.gaps.push(`${fromMs === undefined ? '' : format(fromMs)}/${format(toMs)}`)
  }
}

/** Runs a query of the damaged file; undefined if it throws. */
function attempt<Result>(query: () => Result): Result | undefined {
  try {
    return query()
  } catch {
    return undefined
  }
}

function* inTransactions(database: DatabaseSync, rows: readonly Row[], insert: (row: Row) => void): PausableWork<void> {
  for (let start = 0; start < rows.length; start += rowsPerTransaction) {
    transaction(database, () => rows.slice(start, start + rowsPerTransaction).forEach(insert))
    yield
  }
}
