import type { InstantSeries } from '../../api/types.ts'
import { Bar, type BarPart, StackedBar } from '../../charts/bars.tsx'
import { Card } from '../../components/card.tsx'
import { useAnswer } from '../../data/use-answer.ts'
import { formatBytes } from '../../format/bytes.ts'
import { formatShare } from '../../format/numbers.ts'
import { linkTo } from '../../router.ts'
import { totalOf } from './numbers.ts'

interface StateProps {
  readonly state: readonly InstantSeries[]
}

/** The memory map of an LMDB: what of it is used, and who reads. */
export function MapCard({ state }: StateProps) {
  const map = totalOf(state, 'db_map_bytes')
  const used = totalOf(state, 'db_map_used_bytes')
  if (map === undefined || used === undefined) return null
  const tree = totalOf(state, 'db_sstable_bytes') ?? 0
  const free = totalOf(state, 'db_free_bytes')
  const parts = partsOf([
    ['entries', tree, '--series-1'],
    ['free pages, reused by later writes', free, '--series-7'],
    [
      free === undefined ? 'other pages' : 'other databases and the lists of LMDB',
      Math.max(0, used - tree - (free ?? 0)),
      '--series-5',
    ],
  ])
  return (
    <Card
      title="Memory map"
      subtitle={`${formatBytes(used)} of ${formatBytes(map)} are used (${formatShare(used / map)}). The map grows by itself if it has to.`}
    >
      <StackedBar label="Memory map" unit="By" parts={parts} total={map} />
    </Card>
  )
}

/** The readers of an LMDB: each has a slot of a table of fixed size, and keeps old pages from being reused. */
export function ReadersCard({ state }: StateProps) {
  const slots = totalOf(state, 'db_reader_slots')
  const used = totalOf(state, 'db_reader_slots_used')
  const snapshots = totalOf(state, 'db_open_snapshots')
  if (slots === undefined || used === undefined) return null
  return (
    <Card title="Readers" subtitle="If all slots of the reader table are held, new readers fail.">
      <Bar
        label="Slots held"
        value={used}
        max={slots}
        unit="{slot}"
        hasShare
        color={used > slots * 0.8 ? '--unhealthy' : undefined}
      />
      {snapshots !== undefined && (
        <p class="muted">
          {snapshots === 0
            ? 'No read transaction is open: all free pages can be reused.'
            : `${snapshots} open read ${snapshots === 1 ? 'transaction keeps' : 'transactions keep'} old pages from being reused.`}
        </p>
      )}
    </Card>
  )
}

/** The write-ahead log of a SQLite, and how much of it a checkpoint has copied. */
export function WalCard({ state }: StateProps) {
  const wal = totalOf(state, 'db_wal_bytes')
  const copied = totalOf(state, 'db_wal_checkpointed_bytes')
  if (wal === undefined || copied === undefined) return null
  const rest = Math.max(0, wal - copied)
  return (
    <Card
      title="Write-ahead log"
      subtitle={
        wal === 0
          ? 'It is empty: all is in the database.'
          : 'A checkpoint copies it into the database, as far as no reader still needs it. Then it is written again from its start.'
      }
    >
      {wal > 0 && (
        <StackedBar
          label="Write-ahead log"
          unit="By"
          parts={partsOf([
            ['copied into the database', Math.min(wal, copied), '--series-3'],
            ['not copied yet', rest, '--series-2'],
          ])}
        />
      )}
    </Card>
  )
}

/** The files of a store by what is in them. */
export function FilesCard({ state }: StateProps) {
  const total = totalOf(state, 'db_total_disk_bytes')
  if (total === undefined) return null
  const hasLevels = totalOf(state, 'db_level_bytes') !== undefined
  const known = [
    [hasLevels ? 'tables' : 'pages in use', totalOf(state, 'db_sstable_bytes'), '--series-1'],
    ['value log', totalOf(state, 'db_value_log_bytes'), '--series-4'],
    ['write-ahead log', totalOf(state, 'db_wal_bytes'), '--series-2'],
    ['free pages', totalOf(state, 'db_free_bytes'), '--series-7'],
  ] as const
  const rest = total - known.reduce((sum, [, bytes = 0]) => sum + bytes, 0)
  const free = totalOf(state, 'db_free_bytes')
  return (
    <Card
      title="Files"
      subtitle={
        free !== undefined && free > 0
          ? `${formatBytes(total)}, of which ${formatShare(Math.min(1, free / total))} are free pages: later writes reuse them.`
          : `${formatBytes(total)} in all.`
      }
    >
      <StackedBar
        label="Files"
        unit="By"
        parts={partsOf([...known, ['other', rest > total * 0.001 ? rest : undefined, '--border-strong']])}
      />
    </Card>
  )
}

/** The volume of a store: its capacity, and when it is full if that is foreseeable. */
export function VolumeCard({ state, store }: StateProps & { readonly store: string }) {
  const { value: health } = useAnswer('api/v1/health')
  const capacity = totalOf(state, 'db_disk_capacity_bytes')
  const available = totalOf(state, 'db_disk_available_bytes')
  if (capacity === undefined || available === undefined) return null
  const own = totalOf(state, 'db_total_disk_bytes') ?? 0
  const check = health?.checks.find((one) => one.name === 'disk_space' && one.store === store)
  const bound =
    check?.observed?.name === 'free space' && typeof check.observed.bound === 'number' ? check.observed.bound : undefined
  return (
    <Card
      title="Volume"
      subtitle={`${formatBytes(available)} of ${formatBytes(capacity)} are available.`}
      actions={check !== undefined && <a href={linkTo('health', { check: `${store}/disk_space` })}>Health check</a>}
    >
      <StackedBar
        label="Volume"
        unit="By"
        total={capacity}
        parts={partsOf([
          ['this store', own, '--series-1'],
          ['other files and what is reserved', Math.max(0, capacity - available - own), '--border-strong'],
        ])}
      />
      <p class="muted">
        {check?.trend?.forecast !== undefined && <strong class="forecast">{check.trend.forecast}. </strong>}
        {bound !== undefined && `The health check warns below ${formatBytes(bound)}.`}
      </p>
    </Card>
  )
}

/** Returns the parts whose size is known and not 0. */
function partsOf(parts: readonly (readonly [label: string, value: number | undefined, color: string])[]): readonly BarPart[] {
  return parts.flatMap(([label, value, color]) => (value === undefined || value <= 0 ? [] : [{ label, value, color }]))
}
