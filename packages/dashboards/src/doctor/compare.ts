import type { ExpectedSeries } from './expected-series.ts'
import type { Sample } from './sample.ts'

/** What happened to one series at one hop. */
export type Change =
  | { readonly kind: 'lost'; readonly expected: ExpectedSeries }
  | { readonly kind: 'renamed'; readonly expected: ExpectedSeries; readonly name: string }
  | { readonly kind: 'label renamed'; readonly expected: ExpectedSeries; readonly label: string; readonly to: string }
  | { readonly kind: 'label changed'; readonly expected: ExpectedSeries; readonly label: string; readonly value: string }
  | { readonly kind: 'label lost'; readonly expected: ExpectedSeries; readonly label: string }
  | { readonly kind: 'value changed'; readonly expected: ExpectedSeries; readonly from: number; readonly value: number }

/** What a hop made of what it was given. */
export interface Comparison {
  readonly changes: readonly Change[]
  /** What came out of it, and so goes into the next: under its new names, without what was lost. */
  readonly arrived: readonly ExpectedSeries[]
}

/** Compares what a place holds with what it was given: a canary's by its id, those of a page by their labels. Pure. */
export function compare(id: string | undefined, given: readonly ExpectedSeries[], found: readonly Sample[]): Comparison {
  const changes: Change[] = []
  const arrived: ExpectedSeries[] = []
  for (const expected of given) {
    const sample = best(id, expected, found)
    if (sample === undefined) {
      changes.push({ kind: 'lost', expected })
      continue
    }
    const own = findChanges(expected, sample)
    changes.push(...own)
    arrived.push({
      ...expected,
      name: sample.name,
      labels: labelsNow(expected, sample, own),
      ...(expected.value !== undefined && { value: sample.value }),
    })
  }
  return { changes, arrived }
}

/** Of what may be this series, that with the fewest changes. */
function best(id: string | undefined, expected: ExpectedSeries, found: readonly Sample[]): Sample | undefined {
  const ranked = found
    .filter((sample) => isMeant(id, expected, sample))
    .map((sample) => ({ sample, changes: findChanges(expected, sample).length }))
    .sort((a, b) => a.changes - b.changes)
  return ranked[0]?.sample
}

/** The run's id in some label, or a value that nobody else has, show whose it is; the stem of the name, which series. */
function isMeant(id: string | undefined, { name, stem, end, labels, value, isUnique }: ExpectedSeries, sample: Sample): boolean {
  if (sample.name !== name && !(sample.name.includes(stem) && sample.name.endsWith(end))) return false
  if (labels['le'] !== undefined && sample.labels['le'] !== labels['le']) return false
  const own = Object.values(sample.labels)
  if (id === undefined) return Object.values(labels).every((text) => own.includes(text))
  return own.includes(id) || (isUnique && sample.value === value)
}

function findChanges(expected: ExpectedSeries, sample: Sample): Change[] {
  const changes: Change[] = []
  if (sample.name !== expected.name) changes.push({ kind: 'renamed', expected, name: sample.name })
  for (const [label, value] of Object.entries(expected.labels)) {
    const got = sample.labels[label]
    if (got === value) continue
    const to = Object.keys(sample.labels).find((key) => sample.labels[key] === value && !(key in expected.labels))
    if (to !== undefined) changes.push({ kind: 'label renamed', expected, label, to })
    else if (got === undefined) changes.push({ kind: 'label lost', expected, label })
    else changes.push({ kind: 'label changed', expected, label, value: got })
  }
  const { value: from } = expected
  if (from !== undefined && !isSame(from, sample.value)) {
    changes.push({ kind: 'value changed', expected, from, value: sample.value })
  }
  return changes
}

/** VictoriaMetrics keeps about twelve digits. */
function isSame(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-11 * Math.abs(a)
}

/** The labels under which the next hop is to look. */
function labelsNow({ labels }: ExpectedSeries, sample: Sample, changes: readonly Change[]): Record<string, string> {
  const kept = Object.entries(labels).flatMap(([key, value]): Array<[string, string]> => {
    const change = changes.find((each) => 'label' in each && each.label === key)
    if (change?.kind === 'label lost') return []
    if (change?.kind === 'label renamed') return [[change.to, value]]
    return [[key, sample.labels[key] ?? value]]
  })
  return Object.fromEntries(kept)
}
