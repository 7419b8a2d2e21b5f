import type { Change } from './compare.ts'

/** Returns one message for each distinct problem of a hop: what changed and how to mend it. */
export function describeProblems(changes: readonly Change[], lossAdvice: string): string[] {
  const lost = changes.filter(({ kind }) => kind === 'lost').map(({ expected }) => expected.name)
  const others = changes.flatMap((change) => (change.kind === 'lost' ? [] : [describeChange(change)]))
  return [...(lost.length === 0 ? [] : [`lost: ${lost.join(', ')}. ${lossAdvice}`]), ...new Set(others)]
}

function describeChange(change: Exclude<Change, { readonly kind: 'lost' }>): string {
  const { name } = change.expected
  switch (change.kind) {
    case 'renamed':
      return `${name} was renamed to ${change.name}. ${renameAdvice(name, change.name)}`
    case 'label renamed':
      return change.newLabel === `exported_${change.label}`
        ? `the label ${change.label} of ${name} was renamed to ${change.newLabel}. The scrape sets a label of the same name: set honor_labels: true in its scrape_configs.`
        : `the label ${change.label} of ${name} was renamed to ${change.newLabel}. Remove the relabeling or the processor that renames the attribute.`
    case 'label lost':
      return `the label ${change.label} of ${name} was removed. Check for a labeldrop, an aggregation or a processor that deletes attributes: dashboards and rules need the label.`
    case 'label changed':
      return `the label ${change.label} of ${name} was changed to ${JSON.stringify(change.value)}. Check for a relabeling and for external labels of that name.`
    case 'value changed':
      return `${name} was sent as ${change.from} and arrived as ${change.value}. Check for an aggregation, a unit conversion or a conversion from cumulative to delta.`
  }
}

function renameAdvice(from: string, to: string): string {
  if (to.endsWith(from)) {
    return `Something adds the prefix "${to.slice(0, -from.length)}": remove the namespace from the Collector's Prometheus exporter, or the relabeling that adds it.`
  }
  if (to.startsWith(from)) {
    return `Something adds the suffix "${to.slice(from.length)}" although the name is complete. Prometheus 3.4 to 3.6 does so with translation_strategy NoUTF8EscapingWithSuffixes or an empty otlp section: set UnderscoreEscapingWithSuffixes there, or remove the relabeling that adds it.`
  }
  return 'Remove the metric_relabel_configs, the -relabelConfig or the processor that renames metrics: dashboards and rules need the original name.'
}
