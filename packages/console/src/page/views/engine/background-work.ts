import type { TimelineEvent } from '../../api/types.ts'
import type { TimelineInterval, TimelineLane } from '../../charts/timeline.tsx'
import { formatBytes } from '../../format/bytes.ts'
import { formatDuration } from '../../format/durations.ts'
import { formatNumber } from '../../format/numbers.ts'

/** What an engine does in the background, from an event. Sizes in bytes; what is unknown is left out. */
export interface BackgroundWork {
  readonly key: string
  readonly kind: 'flush' | 'compaction' | 'write_stall'
  readonly startMs: number
  /** Absent while it lasts. */
  readonly endMs?: number
  readonly level?: number
  readonly cause?: string
  readonly inputFiles?: number
  readonly outputFiles?: number
  readonly inputBytes?: number
  readonly outputBytes?: number
}

/** Returns the flushes, compactions and stalls of a store that a range has, oldest first. */
export function selectBackgroundWork(
  events: readonly TimelineEvent[],
  store: string,
  startMs: number,
  endMs: number,
): readonly BackgroundWork[] {
  return events
    .filter((event) => event.store === store && event.startMs <= endMs && (event.endMs ?? endMs) >= startMs)
    .map(toBackgroundWork)
    .filter((work) => work !== undefined)
}

function toBackgroundWork({ key, kind, startMs, endMs, details }: TimelineEvent): BackgroundWork | undefined {
  const number = (name: string): number | undefined => (typeof details[name] === 'number' ? details[name] : undefined)
  const times = { key, startMs, ...(endMs !== undefined && { endMs }) }
  switch (kind) {
    case 'flush':
      return known({ ...times, kind, outputBytes: number('bytes') })
    case 'compaction':
      return known({
        ...times,
        kind,
        level: number('level'),
        inputFiles: number('inputFiles'),
        outputFiles: number('outputFiles'),
        inputBytes: number('inputBytes'),
        outputBytes: number('outputBytes'),
      })
    case 'write_stall':
      return known({ ...times, kind, cause: typeof details['cause'] === 'string' ? details['cause'] : undefined })
    default:
      return undefined
  }
}

type WithUndefined<Type> = { readonly [Key in keyof Type]: Type[Key] | undefined }

/** Leaves out the fields that are undefined. */
function known({
  key,
  kind,
  startMs,
  ...rest
}: WithUndefined<BackgroundWork> & Pick<BackgroundWork, 'key' | 'kind' | 'startMs'>): BackgroundWork {
  return { key, kind, startMs, ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) }
}

/** The causes of stalls as people call them. */
const stallCauses: Readonly<Record<string, string>> = {
  memtable: 'memtable is full',
  level0: 'too many files in level 0',
  pending_compaction: 'too much to compact',
  write_buffer: 'memory of all memtables',
}

/** Returns the cause of a stall for people. */
export function stallCauseName(cause: string): string {
  return stallCauses[cause] ?? cause
}

/** Returns what was done, in words: `Compaction into level 2: 5 files of 8.1 MiB became 4 files of 7.4 MiB`. */
export function describeWork(work: BackgroundWork): string {
  const { kind, level, cause, inputBytes, outputBytes } = work
  if (kind === 'write_stall') return `Writers had to wait${cause === undefined ? '' : `: ${stallCauseName(cause)}`}`
  if (kind === 'flush') return `Flush${outputBytes === undefined ? '' : ` of ${formatBytes(outputBytes)}`}`
  const input = describeFiles(work.inputFiles, inputBytes)
  const output = describeFiles(work.outputFiles, outputBytes)
  return `Compaction${level === undefined ? '' : ` into level ${level}`}: ${input} became ${output}`
}

function describeFiles(files: number | undefined, bytes: number | undefined): string {
  if (files === undefined) return bytes === undefined ? 'something' : formatBytes(bytes)
  const text = `${formatNumber(files)} ${files === 1 ? 'file' : 'files'}`
  return bytes === undefined ? text : `${text} of ${formatBytes(bytes)}`
}

/** What was done in a range, in numbers. */
export interface WorkTotals {
  readonly flushes: number
  readonly flushedBytes: number
  readonly compactions: number
  readonly inputBytes: number
  readonly outputBytes: number
  readonly stalls: number
  readonly stallSeconds: number
}

/** Adds up what was done. A stall that lasts counts until `nowMs`. */
export function sumWork(works: readonly BackgroundWork[], nowMs: number): WorkTotals {
  const of = (kind: BackgroundWork['kind']): readonly BackgroundWork[] => works.filter((work) => work.kind === kind)
  const sum = (some: readonly BackgroundWork[], amount: (work: BackgroundWork) => number | undefined): number =>
    some.reduce((total, work) => total + (amount(work) ?? 0), 0)
  const flushes = of('flush')
  const compactions = of('compaction')
  const stalls = of('write_stall')
  return {
    flushes: flushes.length,
    flushedBytes: sum(flushes, ({ outputBytes }) => outputBytes),
    compactions: compactions.length,
    inputBytes: sum(compactions, ({ inputBytes }) => inputBytes),
    outputBytes: sum(compactions, ({ outputBytes }) => outputBytes),
    stalls: stalls.length,
    stallSeconds: sum(stalls, ({ startMs, endMs = nowMs }) => Math.max(0, endMs - startMs) / 1000),
  }
}

/**
 * Returns a lane for flushes, one for the compactions into each level, and one for the stalls of each cause. What begins within the same
 * `resolutionMs` is one interval: it could not be told apart. The height of an interval is what it wrote, or how much of its time writers
 * waited.
 */
export function toLanes(works: readonly BackgroundWork[], resolutionMs: number, nowMs: number): readonly TimelineLane[] {
  const lanes = [...Map.groupBy(works, laneOf)].map(([key, some]) => ({ key, groups: groupByTime(some, resolutionMs) }))
  const greatest = lanes.flatMap(({ groups }) => groups).reduce((max, group) => Math.max(max, writtenBytes(group)), 1)
  return lanes
    .sort((a, b) => a.key.localeCompare(b.key, 'en', { numeric: true }))
    .map(({ key, groups }) => ({
      key,
      label: laneName(groups[0]?.[0]),
      intervals: groups.map((group) => toInterval(group, greatest, resolutionMs, nowMs)),
    }))
}

/** Sorts as: flushes, compactions by level, stalls by cause. */
function laneOf({ kind, level, cause }: BackgroundWork): string {
  return { flush: '1', compaction: `2 ${level ?? ''}`, write_stall: `3 ${cause ?? ''}` }[kind]
}

function laneName(work: BackgroundWork | undefined): string {
  if (work === undefined) return ''
  const { kind, level, cause } = work
  if (kind === 'flush') return 'Flushes'
  if (kind === 'compaction') return level === undefined ? 'Compactions' : `Compactions into L${level}`
  return cause === undefined ? 'Stalls' : `Stalls: ${stallCauseName(cause)}`
}

function groupByTime(works: readonly BackgroundWork[], resolutionMs: number): readonly (readonly BackgroundWork[])[] {
  return [...Map.groupBy(works, ({ startMs }) => Math.floor(startMs / resolutionMs)).values()]
}

function writtenBytes(works: readonly BackgroundWork[]): number {
  return works.reduce((sum, { outputBytes = 0 }) => sum + outputBytes, 0)
}

const colors = { flush: '--series-7', compaction: '--series-5', write_stall: '--critical' } as const

function toInterval(
  works: readonly BackgroundWork[],
  greatestBytes: number,
  resolutionMs: number,
  nowMs: number,
): TimelineInterval {
  const { key = '', kind = 'flush', startMs = 0 } = works[0] ?? {}
  const lasts = works.some(({ endMs }) => endMs === undefined)
  const endMs = works.reduce((max, work) => Math.max(max, work.endMs ?? nowMs), startMs)
  const seconds = Math.max(endMs - startMs, resolutionMs) / 1000
  // The square root, so that a small one can be seen beside a large one.
  const size =
    kind === 'write_stall' ? sumWork(works, nowMs).stallSeconds / seconds : Math.sqrt(writtenBytes(works) / greatestBytes)
  return {
    key,
    startMs,
    endMs: lasts ? undefined : endMs,
    title: works.length === 1 && works[0] !== undefined ? describeWork(works[0]) : describeGroup(works, nowMs),
    color: colors[kind],
    height: Math.min(1, Math.max(0.15, size)),
  }
}

function describeGroup(works: readonly BackgroundWork[], nowMs: number): string {
  const { flushes, flushedBytes, compactions, inputBytes, outputBytes, stalls, stallSeconds } = sumWork(works, nowMs)
  if (stalls > 0) return `Writers had to wait ${formatNumber(stalls)} times, for ${formatDuration(stallSeconds)} in all`
  if (flushes > 0) return `${formatNumber(flushes)} flushes of ${formatBytes(flushedBytes)}`
  return `${formatNumber(compactions)} compactions read ${formatBytes(inputBytes)} and wrote ${formatBytes(outputBytes)}`
}

/** Returns how long something took, in words; undefined while it lasts. */
export function workDuration({ startMs, endMs }: BackgroundWork): string | undefined {
  return endMs === undefined ? undefined : formatDuration(Math.max(0, endMs - startMs) / 1000)
}
