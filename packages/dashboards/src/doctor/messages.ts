import type { Change } from './compare.ts'

/** What happened, and what to do about it: a line for each different thing. */
export function describeHop(changes: readonly Change[], whereLost: string): string[] {
  const lost = changes.filter(({ kind }) => kind === 'lost').map(({ expected }) => expected.name)
  const others = changes.flatMap((change) => (change.kind === 'lost' ? [] : [sentence(change)]))
  return [...(lost.length === 0 ? [] : [`lost: ${lost.join(', ')}. ${whereLost}`]), ...new Set(others)]
}

function sentence(change: Exclude<Change, { readonly kind: 'lost' }>): string {
  const { name } = change.expected
  switch (change.kind) {
    case 'renamed':
      return `${name} is called ${change.name} here. ${whyRenamed(name, change.name)}`
    case 'label renamed':
      return change.to === `exported_${change.label}`
        ? `the label ${change.label} of ${name} is called ${change.to} here. The scrape puts a label of its own in its place: set honor_labels: true there.`
        : `the label ${change.label} of ${name} is called ${change.to} here. Look for a relabelling or a processor that renames attributes, and take it away.`
    case 'label lost':
      return `${name} has no label ${change.label} here. Look for a labeldrop, an aggregation or a processor that deletes attributes: dashboards and rules tell stores apart by it.`
    case 'label changed':
      return `the label ${change.label} of ${name} is ${JSON.stringify(change.value)} here. Look for a relabelling, or for external labels of that name.`
    case 'value changed':
      return `${name} is ${change.value} here, and was sent as ${change.from}. Look for an aggregation, a conversion of units or of cumulative to delta.`
  }
}

function whyRenamed(from: string, to: string): string {
  if (to.endsWith(from)) {
    return `Something puts "${to.slice(0, -from.length)}" in front: take the namespace away from the Collector's Prometheus exporter, or the prefix from where it is relabelled.`
  }
  if (to.startsWith(from)) {
    return `Something puts "${to.slice(from.length)}" behind, though the name has its suffix: a Prometheus from 3.4 to 3.6 does with translation_strategy NoUTF8EscapingWithSuffixes, or an empty otlp section; say UnderscoreEscapingWithSuffixes there, and look for a relabelling.`
  }
  return 'Look for a metric_relabel_configs, a -relabelConfig or a processor that renames metrics, and take it away: dashboards and rules ask for our names.'
}
