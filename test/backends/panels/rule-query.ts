import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { catalogMetrics, type RoutedQuery } from './panel-query.ts'

const folder = join(import.meta.dirname, '../../../packages/dashboards/generated/rules')

interface Rule {
  readonly record?: string
  readonly alert?: string
  readonly expr: string
  readonly labels?: Readonly<Record<string, string>>
}

/** Returns the committed rule files, by file name. */
export function generatedRules(): Readonly<Record<string, string>> {
  // Alerts on instances compare with half an hour ago, which the demo does not have.
  const names = readdirSync(folder)
    .filter((name) => name !== 'wombat-fleet.yaml')
    .sort()
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]))
}

/** Returns the expression of every rule. Alert expressions lose their comparison: it has no result while nothing fires. */
export function ruleQueries(files: Readonly<Record<string, string>>): RoutedQuery[] {
  const all = Object.entries(files).flatMap(([file, text]) =>
    (parse(text) as { groups: ReadonlyArray<{ rules: readonly Rule[] }> }).groups.flatMap(({ rules }) =>
      rules.map((rule) => ({ file, rule })),
    ),
  )
  const recordings = all.map(({ rule }) => rule).filter(({ record }) => record !== undefined)
  return all.map(({ file, rule }) => {
    const { record, alert = '', labels = {} } = rule
    const expression = record === undefined ? withoutComparison(rule.expr) : rule.expr
    const expanded = inlineRecordedSeries(record === undefined ? expression : withLabels(rule), recordings)
    const distinguishing = Object.entries(labels).filter(([label]) => record !== undefined || label.endsWith('_window'))
    return {
      from: file,
      title: [record ?? alert, ...distinguishing.map(([, value]) => value)].join(' '),
      // Prometheus evaluates the rules. VictoriaMetrics does not, so it gets the expressions of the recorded series.
      expr: { prometheus: record === undefined ? expression : recordedSelector(record, labels), victoriaMetrics: expanded },
      metrics: catalogMetrics(expanded),
    }
  })
}

/** Returns the operand of a comparison (`a / b` for `a / b > 0.05`) or of `absent`. */
export function withoutComparison(expression: string): string {
  return expression.replace(/ (?:[<>]=?) [\d.]+(?: \* [\d.]+)?/g, '').replace(/\babsent\((.*)\)/, '$1')
}

function recordedSelector(record: string, labels: Readonly<Record<string, string>>): string {
  const matchers = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
  return `{${[`__name__="${record}"`, ...matchers].join()}}`
}

function withLabels({ expr, labels = {} }: Rule): string {
  return Object.entries(labels).reduce((text, [label, value]) => `label_replace(${text}, "${label}", "${value}", "", "")`, expr)
}

/** Replaces the names of recorded series by their expressions, recursively. */
function inlineRecordedSeries(expression: string, recordings: readonly Rule[]): string {
  return expression.replace(/\b\w+(?::\w+)+/g, (name) => {
    const found = recordings.filter(({ record }) => record === name)
    if (found.length === 0) return name
    return `(${found.map((rule) => inlineRecordedSeries(withLabels(rule), recordings)).join(' or ')})`
  })
}
