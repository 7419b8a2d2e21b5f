import type { MetricName } from '@wombat/instrumentation'
import { findRules } from '../alert-thresholds.ts'
import type { PanelSpec } from '../panel-spec.ts'
import { gauge, histogramQuantile, perSecond, type Query } from '../query.ts'

/** Returns a panel of one gauge by store, summed over processes. */
export function gaugePanel(title: string, name: MetricName, width: number, rules?: readonly string[]): PanelSpec {
  return { title, width, series: [{ legend: '{{store}}', query: gauge('sum', name) }], ...(rules !== undefined && { rules }) }
}

/** Returns a panel of the rate of one counter by store, per second. */
export function counterPanel(title: string, name: MetricName, width: number): PanelSpec {
  return { title, width, series: [{ legend: '{{store}}', query: perSecond(name) }] }
}

/** Returns a panel of the P50 and P99 of one histogram by store. */
export function histogramPanel(title: string, name: MetricName, width: number): PanelSpec {
  const series = [0.5, 0.99].map((q) => ({ legend: `{{store}} P${q * 100}`, query: histogramQuantile(q, name) }))
  return { title, width, series }
}

/** Returns the files in level 0, of several processes the maximum: each process compacts its own store. */
export function levelZeroFiles(): Query {
  const [rule] = findRules(['LevelZeroPileUp'])
  return gauge('max', 'db_level_files', { where: rule?.where ?? {} })
}
