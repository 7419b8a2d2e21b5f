import type { DataTransformerConfig } from '@grafana/grafana-foundation-sdk/dashboard'
import type { PanelSpec } from './panel-spec.ts'

/** One row for each set of labels: the queries' values beside each other, the labels before them, and nothing else. */
export function tableTransformations({ series, labels = {} }: PanelSpec): DataTransformerConfig[] {
  const values = series.map(({ legend }, index) => [
    series.length === 1 ? 'Value' : `Value #${String.fromCharCode(65 + index)}`,
    legend,
  ])
  const columns = [...Object.entries(labels), ...values] as Array<[string, string]>
  return [
    { id: 'merge', options: {} },
    {
      id: 'organize',
      options: {
        excludeByName: { Time: true },
        indexByName: Object.fromEntries(columns.map(([name], index) => [name, index])),
        renameByName: Object.fromEntries(columns),
      },
    },
  ]
}
