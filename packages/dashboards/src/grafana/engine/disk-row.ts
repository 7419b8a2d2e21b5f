import type { MetricName } from '@wombat/instrumentation'
import { formatDuration } from '../../promql.ts'
import { findRules } from '../alert-thresholds.ts'
import type { PanelSpec, RowSpec } from '../panel-spec.ts'
import { gauge, type Query, shareOf } from '../query.ts'

/** Where free space will be by then, if it goes on as before: as the default rule asks it. */
function forecast(): { query: Query; hours: number } {
  const [rule] = findRules(['DiskFullWithinFourHours'])
  if (rule?.condition !== 'forecast_below') throw new Error('DiskFullWithinFourHours is no forecast')
  const { windowMs = 0, aheadMs } = rule
  const each = (series: string): string => `predict_linear(${series}[${formatDuration(windowMs)}], ${aheadMs / 1000})`
  return { query: gauge('min', 'db_disk_available_bytes', { each }), hours: aheadMs / 3_600_000 }
}

const growthWindow = '15m'
const growth: Query = {
  ...gauge('sum', 'db_total_disk_bytes', { each: (series) => `deriv(${series}[${growthWindow}])` }),
  unit: 'binBps',
}

const { query: left, hours } = forecast()

const part = (title: string, name: MetricName): PanelSpec => ({
  title,
  width: 6,
  series: [{ legend: '{{store}}', query: gauge('sum', name) }],
})

const panels: readonly PanelSpec[] = [
  {
    title: 'Share of the volume that is free',
    width: 8,
    series: [{ legend: '{{store}}', query: shareOf('min', 'db_disk_available_bytes', 'db_disk_capacity_bytes') }],
    rules: ['LowDiskSpace'],
  },
  {
    title: 'Free on the volume',
    width: 8,
    series: [{ legend: '{{store}}', query: gauge('min', 'db_disk_available_bytes') }],
    rules: ['DiskAlmostFull'],
  },
  {
    title: `Free on the volume in ${hours} hours`,
    width: 8,
    series: [{ legend: '{{store}}', query: left }],
    rules: ['DiskFullWithinFourHours'],
    note: 'If it goes on as in the last hour.',
    canBeNegative: true,
  },
  part('Size of the store', 'db_total_disk_bytes'),
  {
    title: 'Growth of the store',
    width: 6,
    series: [{ legend: '{{store}}', query: growth }],
    note: `Per second, over the last ${growthWindow}.`,
    canBeNegative: true,
  },
  part('Free within its files', 'db_free_bytes'),
  part('Inodes left', 'db_disk_available_inodes'),
  { ...part('Tables', 'db_sstable_bytes'), width: 8 },
  { ...part('Values kept apart', 'db_value_log_bytes'), width: 8 },
  { ...part('Write-ahead log', 'db_wal_bytes'), width: 8 },
]

export const diskRow: RowSpec = { title: 'Disk', panels }
