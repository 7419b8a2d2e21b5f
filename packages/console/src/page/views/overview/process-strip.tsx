import { Bar } from '../../charts/bars.tsx'
import { Sparkline } from '../../charts/sparkline.tsx'
import { Skeleton } from '../../components/notices.tsx'
import { Stat } from '../../components/stat.tsx'
import { type RangeQuery, useRange } from '../../data/use-range.ts'
import { formatValue } from '../../format/units.ts'
import { sparklineSpanMs } from './store-trends.ts'

/** How many of the last points may be missing before a value is too old to be shown as the current one. */
const maxMissingSteps = 6

/** What all stores share: the event loop, the pool of threads and the memory of the process. */
export function ProcessStrip() {
  return (
    <section class="card process-strip" aria-label="Process">
      <Trend
        label="Event loop busy"
        description="Share of the time in which JavaScript runs. Near 100 %, every result waits."
        unit="s/s"
        query={{ metric: 'wombat_process_event_loop_active_seconds_total', function: 'rate', by: [], aggregate: 'max' }}
      />
      <Trend
        label="Event loop delay, P99"
        description="How late timers run: results of stores wait as long."
        unit="s"
        query={{ metric: 'wombat_process_event_loop_delay_seconds', function: 'quantile', quantile: 0.99, by: [] }}
      />
      <Trend
        label="Wait for a thread, P99"
        description="Time a task waited for a thread of the libuv pool, which LevelDB, RocksDB and file access use."
        unit="s"
        query={{ metric: 'wombat_process_thread_pool_wait_seconds', function: 'quantile', quantile: 0.99, by: [] }}
      />
      <Memory />
    </section>
  )
}

function Trend({
  label,
  description,
  unit,
  query,
}: {
  readonly label: string
  readonly description: string
  readonly unit: string
  readonly query: RangeQuery
}) {
  const { value, points, startMs, endMs, stepMs, isLoading } = useLatest(query)
  if (isLoading) return <Waiting label={label} />
  if (value === undefined) return null
  return (
    <Stat label={<span title={description}>{label}</span>} value={formatValue(value, unit)}>
      <Sparkline label={label} unit={unit} points={points} startMs={startMs} endMs={endMs} stepMs={stepMs} />
    </Stat>
  )
}

function Memory() {
  const resident = useLatest({ metric: 'wombat_process_resident_memory_bytes', by: [] })
  const group = useLatest({ metric: 'wombat_process_group_memory_bytes', by: [], aggregate: 'max' })
  const limit = useLatest({ metric: 'wombat_process_memory_limit_bytes', by: [], aggregate: 'max' })
  const used = group.value ?? resident.value
  if (resident.isLoading) return <Waiting label="Memory" />
  if (used === undefined) return null
  // The limit is of the control group, so what all processes in it use counts.
  const own = resident.value === undefined ? '' : `, ${formatValue(resident.value, 'By')} of it in this process`
  return (
    <Stat label={<span title={`Memory that counts against the limit${own}`}>Memory</span>} value={formatValue(used, 'By')}>
      {limit.value !== undefined && (
        <Bar
          label={`of ${formatValue(limit.value, 'By')}`}
          value={used / limit.value}
          max={1}
          unit="%"
          color={memoryColor(used / limit.value)}
        />
      )}
    </Stat>
  )
}

function memoryColor(share: number): string {
  if (share > 0.95) return '--critical'
  return share > 0.85 ? '--degraded' : '--accent'
}

function useLatest(query: RangeQuery) {
  const { series, startMs, endMs, stepMs, isLoading } = useRange(query, { spanMs: sparklineSpanMs })
  const points = series[0]?.points ?? []
  const last = points.at(-1)
  const value = last !== undefined && last[0] >= endMs - maxMissingSteps * stepMs ? last[1] : undefined
  return { value, points, startMs, endMs, stepMs, isLoading }
}

/** As high as a value with its trend. */
function Waiting({ label }: { readonly label: string }) {
  return (
    <Stat label={label} value={<span class="muted">…</span>}>
      <Skeleton height={24} />
    </Stat>
  )
}
