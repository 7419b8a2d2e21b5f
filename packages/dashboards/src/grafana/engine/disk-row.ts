import { formatDuration } from '../../promql.ts'
import { findRules } from '../alert-thresholds.ts'
import type { PanelSpec, RowSpec } from '../panel-spec.ts'
import { gauge, gaugeRatio, type Query, withUnit } from '../query.ts'
import { gaugePanel } from './engine-panels.ts'

/** Returns the forecast of the default rule `DiskFullWithinFourHours` as a query. */
function forecastFreeSpace(): { query: Query; hours: number } {
  const [rule] = findRules(['DiskFullWithinFourHours'])
  if (rule?.condition !== 'forecast_below') throw new Error('the default rule DiskFullWithinFourHours is not a forecast')
  const { windowMs = 0, aheadMs } = rule
  const transform = (series: string): string => `predict_linear(${series}[${formatDuration(windowMs)}], ${aheadMs / 1000})`
  return { query: gauge('min', 'db_disk_available_bytes', { transform }), hours: aheadMs / 3_600_000 }
}

const growthWindow = '15m'
const growth: Query = {
  ...gauge('sum', 'db_total_disk_bytes', { transform: (series) => `deriv(${series}[${growthWindow}])` }),
  unit: 'binBps',
}

const forecast = forecastFreeSpace()

const panels: readonly PanelSpec[] = [
  {
    title: 'Free disk space ratio',
    width: 8,
    series: [{ legend: '{{store}}', query: gaugeRatio('min', 'db_disk_available_bytes', 'db_disk_capacity_bytes') }],
    rules: ['LowDiskSpace'],
  },
  {
    title: 'Free disk space',
    width: 8,
    series: [{ legend: '{{store}}', query: gauge('min', 'db_disk_available_bytes') }],
    rules: ['DiskAlmostFull'],
  },
  {
    title: `Free disk space in ${forecast.hours} hours`,
    width: 8,
    series: [{ legend: '{{store}}', query: forecast.query }],
    rules: ['DiskFullWithinFourHours'],
    note: 'Linear forecast from the last six hours.',
    canBeNegative: true,
  },
  gaugePanel('Store size', 'db_total_disk_bytes', 6),
  {
    title: 'Store growth',
    width: 6,
    series: [{ legend: '{{store}}', query: growth }],
    note: `Per second, over the last ${growthWindow}.`,
    canBeNegative: true,
  },
  {
    title: 'Unused share of files',
    width: 6,
    series: [{ legend: '{{store}}', query: gaugeRatio('max', 'db_free_bytes', 'db_total_disk_bytes') }],
    rules: ['FragmentedFiles'],
  },
  {
    title: 'Table bytes per live byte',
    width: 6,
    series: [{ legend: '{{store}}', query: withUnit('none', gaugeRatio('max', 'db_sstable_bytes', 'db_live_data_bytes')) }],
    note: 'The space amplification by the estimate of the engine: 1 if the tables contain no deleted or overwritten entries.',
  },
  gaugePanel('Free inodes', 'db_disk_available_inodes', 6, ['FewInodes']),
  {
    title: 'Table files',
    width: 6,
    series: [
      { legend: '{{store}}', query: gauge('sum', 'db_sstable_bytes') },
      { legend: '{{store}} live data', query: gauge('sum', 'db_live_data_bytes') },
    ],
  },
  gaugePanel('Value log', 'db_value_log_bytes', 6),
  gaugePanel('Write-ahead log', 'db_wal_bytes', 6, ['CheckpointStarved']),
]

/** Disk space of the volume and of the store's files. */
export const diskRow: RowSpec = { title: 'Disk', panels }
