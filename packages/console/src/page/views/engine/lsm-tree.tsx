import type { InstantSeries } from '../../api/types.ts'
import { Card } from '../../components/card.tsx'
import { Status } from '../../components/status.tsx'
import { TimeText } from '../../components/time-text.tsx'
import { formatBytes } from '../../format/bytes.ts'
import { formatDuration } from '../../format/durations.ts'
import { formatNumber, formatShare } from '../../format/numbers.ts'
import { type BackgroundWork, describeWork, stallCauseName, workDuration } from './background-work.ts'
import { activeStall } from './engine-facts.ts'
import { arrangeLevels, type FileLimits, fileLimitsOf, joinEmptyLevels, type Level, type LevelTree } from './lsm-levels.ts'
import { totalOf } from './numbers.ts'

/** The bars of levels end at this share of their target, so that the mark of the target stands within them. */
const scaleEnd = 1.25
/** A compaction this long ago is still shown as new. */
const recentMs = 10_000

/** A picture of an LSM tree: memory at the top, each level below it, with its limits and what was compacted into it last. */
export function LsmTree({
  state,
  engine,
  works,
  nowMs,
  isPast,
}: {
  readonly state: readonly InstantSeries[]
  readonly engine: string | undefined
  /** What the engine has done lately, oldest first. */
  readonly works: readonly BackgroundWork[]
  /** The time of the state. */
  readonly nowMs: number
  /** Whether it is not that of now. */
  readonly isPast: boolean
}) {
  const tree = arrangeLevels(state, engine)
  if (tree === undefined) return null
  const limits = fileLimitsOf(engine)
  const { totalFiles, totalBytes, levels, levelCount } = tree
  const emptyBelow = levelCount - levels.length
  return (
    <Card
      title="LSM tree"
      subtitle={`${formatNumber(totalFiles)} ${totalFiles === 1 ? 'file' : 'files'}, ${formatBytes(totalBytes)} in ${levelCount} levels. New entries come in at the top; compactions move them down.`}
      actions={<TreeState state={state} tree={tree} limits={limits} />}
      isWide
    >
      <ol class="levels">
        <MemoryRow state={state} flush={works.findLast(({ kind }) => kind === 'flush')} nowMs={nowMs} isPast={isPast} />
        {joinEmptyLevels(levels).map((row) =>
          row.kind === 'empty' ? (
            <EmptyRow key={`${row.from}`} from={row.from} to={row.to} />
          ) : (
            <LevelRow
              key={`${row.level.level}`}
              level={row.level}
              limits={limits}
              work={works.findLast(({ kind, level }) => kind === 'compaction' && level === row.level.level)}
              nowMs={nowMs}
              isPast={isPast}
            />
          ),
        )}
        {emptyBelow > 0 && <EmptyRow from={levels.length} to={levelCount - 1} />}
      </ol>
    </Card>
  )
}

/** What happens in the tree now. */
function TreeState({
  state,
  tree,
  limits,
}: {
  readonly state: readonly InstantSeries[]
  readonly tree: LevelTree
  readonly limits: FileLimits | undefined
}) {
  const stall = activeStall(state)
  const running = totalOf(state, 'db_compactions_running')
  const files = tree.levels[0]?.files ?? 0
  return (
    <>
      {stall !== undefined && (
        <Status
          status="critical"
          isBadge
          word={`writers wait for ${formatDuration(stall.seconds)}${stall.cause === undefined ? '' : `: ${stallCauseName(stall.cause)}`}`}
        />
      )}
      {stall === undefined && limits !== undefined && files >= limits.slowdown && (
        <Status status="unhealthy" isBadge word={files >= limits.stop ? 'writers are stopped' : 'writers are slowed down'} />
      )}
      {running !== undefined && (
        <span class={`tree-state${running > 0 ? ' tree-state-busy' : ''}`}>
          {running === 0 ? 'No compaction runs' : running === 1 ? 'Compacting now' : `${formatNumber(running)} compactions run`}
        </span>
      )}
    </>
  )
}

/** What is not in the tables yet: memtables, and the log that they are recovered from. */
function MemoryRow({
  state,
  flush,
  nowMs,
  isPast,
}: {
  readonly state: readonly InstantSeries[]
  readonly flush: BackgroundWork | undefined
  readonly nowMs: number
  readonly isPast: boolean
}) {
  const memtable = totalOf(state, 'db_memtable_bytes')
  const immutable = totalOf(state, 'db_immutable_memtables')
  // LevelDB reports memtables and block cache as one number.
  const memory = memtable ?? totalOf(state, 'db_total_memory_bytes')
  const wal = totalOf(state, 'db_wal_bytes')
  if (memory === undefined && wal === undefined) return null
  return (
    <li class="level level-memory">
      <span class="level-name">Memory</span>
      <span class="level-size">{memory !== undefined && formatBytes(memory)}</span>
      <span class="level-text">
        {memory !== undefined && <span>{memtable === undefined ? 'memtables and block cache' : 'memtables'}</span>}
        {immutable !== undefined && immutable > 0 && (
          <span>
            {formatNumber(immutable)} full {immutable === 1 ? 'memtable waits' : 'memtables wait'} for a flush
          </span>
        )}
        {wal !== undefined && <span>{formatBytes(wal)} in the write-ahead log</span>}
      </span>
      <LastWork work={flush} nowMs={nowMs} isPast={isPast} />
    </li>
  )
}

function LevelRow({
  level: { level, files, bytes, targetBytes, fill, share },
  limits,
  work,
  nowMs,
  isPast,
}: {
  readonly level: Level
  readonly limits: FileLimits | undefined
  readonly work: BackgroundWork | undefined
  readonly nowMs: number
  readonly isPast: boolean
}) {
  const isRecent = work !== undefined && nowMs - (work.endMs ?? nowMs) < recentMs
  return (
    <li class={`level${isRecent ? ' level-recent' : ''}`}>
      <span class="level-name">L{level}</span>
      <span class="level-size">
        {formatBytes(bytes)}
        <span class="muted">
          {formatNumber(files)} {files === 1 ? 'file' : 'files'}
        </span>
      </span>
      {level === 0 && limits !== undefined ? (
        <FileBar files={files} limits={limits} />
      ) : fill !== undefined && targetBytes !== undefined ? (
        <FillBar bytes={bytes} fill={fill} targetBytes={targetBytes} />
      ) : (
        <ShareBar share={share} isDeepest={level > 0} />
      )}
      <LastWork work={work} nowMs={nowMs} isPast={isPast} />
    </li>
  )
}

/** Level 0 has no size that it should have, but numbers of files at which something happens. */
function FileBar({ files, limits: { compaction, slowdown, stop } }: { readonly files: number; readonly limits: FileLimits }) {
  const end = Math.max(stop * 1.08, files)
  const percent = (count: number): string => `${(count / end) * 100}%`
  const color = files >= stop ? '--critical' : files >= slowdown ? '--unhealthy' : files >= compaction ? '--degraded' : '--accent'
  const marks = [
    { count: compaction, label: 'compacts' },
    { count: slowdown, label: 'slows writers' },
    { count: stop, label: 'stops writers' },
  ]
  const next = marks.find(({ count }) => count > files)
  return (
    <span
      class="level-bar"
      title={`The engine compacts level 0 from ${compaction} files on, slows writers down from ${slowdown} on, and stops them from ${stop} on.`}
    >
      <span class="level-track">
        <span
          class="level-files"
          style={{ width: percent(files), background: `var(${color})`, '--files': `${Math.max(1, files)}` }}
        />
        {marks.map(({ count, label }) => (
          <span key={label} class="level-mark" style={{ left: percent(count) }} />
        ))}
      </span>
      <span class="level-marks" aria-hidden="true">
        {marks.map(({ count, label }) => (
          <span key={label} style={{ left: percent(count) }}>
            <span class="level-mark-word">{label} </span>
            <b>{count}</b>
          </span>
        ))}
      </span>
      <span class="level-note level-mark-note" aria-hidden="true">
        compacts from {compaction} files on, slows writers from {slowdown}, stops them from {stop}
      </span>
      <span class="visually-hidden">
        {next === undefined ? 'Writers are stopped.' : `At ${next.count} files the engine ${next.label}.`}
      </span>
    </span>
  )
}

function FillBar({ bytes, fill, targetBytes }: { readonly bytes: number; readonly fill: number; readonly targetBytes: number }) {
  const end = Math.max(scaleEnd, fill)
  const isOver = fill > 1
  const text = isOver
    ? `${formatBytes(bytes - targetBytes)} above its target of ${formatBytes(targetBytes)}`
    : `${formatShare(fill)} of its target of ${formatBytes(targetBytes)}`
  return (
    <span class="level-bar">
      <span class="level-track">
        <span
          class="level-fill"
          style={{ width: `${(fill / end) * 100}%`, background: `var(${isOver ? '--degraded' : '--accent'})` }}
        />
        <span class="level-mark" style={{ left: `${(1 / end) * 100}%` }} />
      </span>
      <span class="level-note">{text}</span>
    </span>
  )
}

function ShareBar({ share, isDeepest }: { readonly share: number; readonly isDeepest: boolean }) {
  return (
    <span class="level-bar">
      <span class="level-track">
        <span class="level-fill level-share" style={{ width: `${(share / scaleEnd) * 100}%` }} />
      </span>
      <span class="level-note">
        {formatShare(share)} of all data{isDeepest && '; the deepest level has no target'}
      </span>
    </span>
  )
}

function EmptyRow({ from, to }: { readonly from: number; readonly to: number }) {
  return (
    <li class="level level-empty">
      <span class="level-name">{from === to ? `L${from}` : `L${from}–L${to}`}</span>
      <span class="muted">empty</span>
    </li>
  )
}

function LastWork({
  work,
  nowMs,
  isPast,
}: {
  readonly work: BackgroundWork | undefined
  readonly nowMs: number
  readonly isPast: boolean
}) {
  if (work === undefined) return <span class="level-work" />
  const duration = workDuration(work)
  return (
    <span class="level-work" title={`${describeWork(work)}${duration === undefined ? '' : ` in ${duration}`}`}>
      {shortWork(work)}
      <span class="muted">
        <TimeText timeMs={Math.min(nowMs, work.endMs ?? work.startMs)} as={isPast ? 'clock' : 'relative'} />
      </span>
    </span>
  )
}

function shortWork({ kind, inputBytes, outputBytes, inputFiles }: BackgroundWork): string {
  const output = outputBytes === undefined ? '' : formatBytes(outputBytes)
  if (kind === 'flush') return `flushed ${output}`
  const input = inputBytes === undefined ? `${formatNumber(inputFiles ?? 0)} files` : formatBytes(inputBytes)
  return `compacted ${input} → ${output}`
}
