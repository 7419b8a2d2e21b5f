import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { catalogued, type Question } from './panel-query.ts'

const folder = join(import.meta.dirname, '../../../packages/dashboards/generated/rules')

interface Rule {
  readonly record?: string
  readonly alert?: string
  readonly expr: string
  readonly labels?: Readonly<Record<string, string>>
}

/** The committed rule files, by their names. */
export function generatedRules(): Readonly<Record<string, string>> {
  const names = readdirSync(folder).sort()
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]))
}

/** Every rule's expression. What an alert compares is asked for without the comparison: while all is well, that has no answer. */
export function ruleQuestions(files: Readonly<Record<string, string>>): Question[] {
  const all = Object.entries(files).flatMap(([file, text]) =>
    (parse(text) as { groups: ReadonlyArray<{ rules: readonly Rule[] }> }).groups.flatMap(({ rules }) =>
      rules.map((rule) => ({ file, rule })),
    ),
  )
  const recordings = all.map(({ rule }) => rule).filter(({ record }) => record !== undefined)
  return all.map(({ file, rule }) => {
    const { record, alert = '', labels = {} } = rule
    const asked = record === undefined ? compared(rule.expr) : rule.expr
    const expanded = withoutRecorded(record === undefined ? asked : labelled(rule), recordings)
    const shown = Object.entries(labels).filter(([label]) => record !== undefined || label.endsWith('_window'))
    return {
      from: file,
      title: [record ?? alert, ...shown.map(([, value]) => value)].join(' '),
      // Prometheus evaluates the rules; VictoriaMetrics alone does not, so it is asked for what would be recorded.
      expr: { prometheus: record === undefined ? asked : recordedBy(record, labels), victoriaMetrics: expanded },
      metrics: catalogued(expanded),
    }
  })
}

/** What an alert compares: `a / b > 0.05` is a question about `a / b`, and that something is absent one about it. */
export function compared(expression: string): string {
  return expression.replace(/ (?:[<>]=?) [\d.]+(?: \* [\d.]+)?/g, '').replace(/\babsent\((.*)\)/, '$1')
}

function recordedBy(record: string, labels: Readonly<Record<string, string>>): string {
  const matchers = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
  return `{${[`__name__="${record}"`, ...matchers].join()}}`
}

function labelled({ expr, labels = {} }: Rule): string {
  return Object.entries(labels).reduce((text, [label, value]) => `label_replace(${text}, "${label}", "${value}", "", "")`, expr)
}

/** The expression with what is recorded, at every depth, in the place of its name. */
function withoutRecorded(expression: string, recordings: readonly Rule[]): string {
  return expression.replace(/\b\w+(?::\w+)+/g, (name) => {
    const found = recordings.filter(({ record }) => record === name)
    if (found.length === 0) return name
    return `(${found.map((rule) => withoutRecorded(labelled(rule), recordings)).join(' or ')})`
  })
}
