import type { Labels, NewSilence } from '../../api/types.ts'

/** What a reader has filled in. */
export interface SilenceForm {
  readonly matchers: readonly { readonly label: string; readonly value: string }[]
  readonly hours: number
  readonly comment: string
}

/** The monitor keeps no silence for longer. */
const maxHours = 30 * 24

/** Returns the labels of an alert as matchers: all of them, without the severity, which follows from the rule. */
export function matchersOf(labels: Labels): SilenceForm['matchers'] {
  return Object.entries(labels)
    .filter(([label]) => label !== 'severity')
    .sort(([a], [b]) => Number(b === 'alertname') - Number(a === 'alertname') || a.localeCompare(b, 'en'))
    .map(([label, value]) => ({ label, value }))
}

/** Returns the silence that a reader has filled in, or what is missing. Matchers without a label and value are left out. */
export function toSilence({ matchers, hours, comment }: SilenceForm): NewSilence | { readonly problem: string } {
  const filled = matchers.filter(({ label, value }) => label.trim() !== '' || value.trim() !== '')
  if (filled.length === 0) return { problem: 'Name at least one label: a silence without any would silence every alert.' }
  const half = filled.find(({ label, value }) => label.trim() === '' || value.trim() === '')
  if (half !== undefined) return { problem: `Fill in both the label and the value of ${half.label.trim() || half.value.trim()}.` }
  const names = filled.map(({ label }) => label.trim())
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) return { problem: `The label ${twice} occurs twice: an alert has each label once.` }
  if (!(hours > 0 && hours <= maxHours))
    return { problem: `The time must be more than 0 and at most ${maxHours} hours (30 days).` }
  return {
    matchers: Object.fromEntries(filled.map(({ label, value }) => [label.trim(), value.trim()])),
    durationSeconds: Math.max(1, Math.round(hours * 3600)),
    ...(comment.trim() !== '' && { comment: comment.trim() }),
  }
}

/** Returns whether a silence with these matchers would silence an alert. */
export function isMatched(labels: Labels, matchers: Labels): boolean {
  return Object.entries(matchers).every(([label, value]) => labels[label] === value)
}
