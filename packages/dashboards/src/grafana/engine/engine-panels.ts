import type { MetricName } from '@wombat/instrumentation'
import { findRules } from '../alert-thresholds.ts'
import type { PanelSeries, PanelSpec } from '../panel-spec.ts'
import { gauge, histogramQuantile, type Query } from '../query.ts'

/** Returns a panel of one gauge by store, summed over processes. */
export function gaugePanel(title: string, name: MetricName, width: number): PanelSpec {
  return { title, width, series: [{ legend: '{{store}}', query: gauge('sum', name) }] }
}

/** Returns the P50 and P99 of a histogram by store. */
export function quantileSeries(name: MetricName): readonly PanelSeries[] {
  return [0.5, 0.99].map((q) => ({ legend: `{{store}} P${q * 100}`, query: histogramQuantile(q, name) }))
}

/** Returns the files in level 0, of several processes the maximum: each process compacts its own store. */
export function levelZeroFiles(): Query {
  const [rule] = findRules(['LevelZeroPileUp'])
  return gauge('max', 'db_level_files', { where: rule?.where ?? {} })
}
