import type { ExpectedSeries, Sample } from './series.ts'

/** A difference between a series before and after one hop. */
export type Change =
  | { readonly kind: 'lost'; readonly expected: ExpectedSeries }
  | { readonly kind: 'renamed'; readonly expected: ExpectedSeries; readonly name: string }
  | { readonly kind: 'label renamed'; readonly expected: ExpectedSeries; readonly label: string; readonly newLabel: string }
  | { readonly kind: 'label changed'; readonly expected: ExpectedSeries; readonly label: string; readonly value: string }
  | { readonly kind: 'label lost'; readonly expected: ExpectedSeries; readonly label: string }
  | { readonly kind: 'value changed'; readonly expected: ExpectedSeries; readonly from: number; readonly value: number }

/** Result of comparing the series before and after one hop. */
export interface Comparison {
  readonly changes: readonly Change[]
  /** The series as they arrived: what the next hop should have. Lost series are left out. */
  readonly arrived: readonly ExpectedSeries[]
}

/**
 * Compares the expected series with the samples of a backend. Pure. Series of a canary are recognized by its `canaryId`, which some
 * label holds; without a canary, by all their labels.
 */
export function compare(
  canaryId: string | undefined,
  expectedSeries: readonly ExpectedSeries[],
  samples: readonly Sample[],
): Comparison {
  const changes: Change[] = []
  const arrived: ExpectedSeries[] = []
  for (const expected of expectedSeries) {
    const sample = bestMatch(canaryId, expected, samples)
    if (sample === undefined) {
      changes.push({ kind: 'lost', expected })
      continue
    }
    const seriesChanges = findChanges(expected, sample)
    changes.push(...seriesChanges)
    arrived.push({
      ...expected,
      name: sample.name,
      labels: arrivedLabels(expected, sample, seriesChanges),
      ...(expected.value !== undefined && { value: sample.value }),
    })
  }
  return { changes, arrived }
}

/** Returns the candidate with the fewest changes. */
function bestMatch(canaryId: string | undefined, expected: ExpectedSeries, samples: readonly Sample[]): Sample | undefined {
  const ranked = samples
    .filter((sample) => isCandidate(canaryId, expected, sample))
    .map((sample) => ({ sample, changeCount: findChanges(expected, sample).length }))
    .sort((a, b) => a.changeCount - b.changeCount)
  return ranked[0]?.sample
}

/** The name must contain the stem. The canary's id in any label, or a unique value, identifies the origin. */
function isCandidate(
  canaryId: string | undefined,
  { name, stem, ending, labels, value, hasUniqueValue }: ExpectedSeries,
  sample: Sample,
): boolean {
  if (sample.name !== name && !(sample.name.includes(stem) && sample.name.endsWith(ending))) return false
  if (labels['le'] !== undefined && sample.labels['le'] !== labels['le']) return false
  const labelValues = Object.values(sample.labels)
  if (canaryId === undefined) return Object.values(labels).every((text) => labelValues.includes(text))
  return labelValues.includes(canaryId) || (hasUniqueValue && sample.value === value)
}

function findChanges(expected: ExpectedSeries, sample: Sample): Change[] {
  const changes: Change[] = []
  if (sample.name !== expected.name) changes.push({ kind: 'renamed', expected, name: sample.name })
  for (const [label, value] of Object.entries(expected.labels)) {
    const actual = sample.labels[label]
    if (actual === value) continue
    const newLabel = Object.keys(sample.labels).find((key) => sample.labels[key] === value && !(key in expected.labels))
    if (newLabel !== undefined) changes.push({ kind: 'label renamed', expected, label, newLabel })
    else if (actual === undefined) changes.push({ kind: 'label lost', expected, label })
    else changes.push({ kind: 'label changed', expected, label, value: actual })
  }
  const { value: from } = expected
  if (from !== undefined && !isSameNumber(from, sample.value)) {
    changes.push({ kind: 'value changed', expected, from, value: sample.value })
  }
  return changes
}

/** VictoriaMetrics stores about twelve significant digits. */
function isSameNumber(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-11 * Math.abs(a)
}

function arrivedLabels({ labels }: ExpectedSeries, sample: Sample, changes: readonly Change[]): Record<string, string> {
  const entries = Object.entries(labels).flatMap(([label, value]): Array<[string, string]> => {
    const change = changes.find((each) => 'label' in each && each.label === label)
    if (change?.kind === 'label lost') return []
    if (change?.kind === 'label renamed') return [[change.newLabel, value]]
    return [[label, sample.labels[label] ?? value]]
  })
  return Object.fromEntries(entries)
}
