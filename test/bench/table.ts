import type { CaseResult, ComparisonResult, RatioResult } from './comparison.ts'
import type { Machine } from './machine.ts'
import type { Spread } from './spread.ts'

export function machineLine({ node, platform, cpuCount, cpuModel, loadAverage }: Machine): string {
  return `Node ${node}, ${platform}, ${cpuCount} CPUs (${cpuModel}), load average ${loadAverage.toFixed(2)} at the start`
}

/** Formats a comparison: a line for each case, then one for each ratio, with the middle 80 % of all rounds in brackets. */
export function comparisonTable({ name, per, rounds, cases, ratios }: ComparisonResult): string {
  const times = cases.map((one) => [one.name, duration(one.nanoseconds.median), span(one.nanoseconds, duration), note(one)])
  const proportions = ratios.map((one) => [`${one.of} ÷ ${one.to}`, factor(one.median), span(one, factor), verdict(one)])
  return [`${name} (per ${per}, ${rounds} rounds)`, ...aligned([...times, ...proportions])].join('\n  ')
}

function aligned(rows: ReadonlyArray<readonly string[]>): string[] {
  const width = (column: number): number => Math.max(...rows.map((row) => (row[column] ?? '').length))
  const [names, medians, spans] = [width(0), width(1), width(2)]
  return rows.map(([name = '', median = '', span = '', note = '']) =>
    `${name.padEnd(names)}  ${median.padStart(medians)}  ${span.padEnd(spans)}  ${note}`.trimEnd(),
  )
}

function span({ p10, p90 }: Spread, show: (value: number) => string): string {
  return `[${show(p10)} … ${show(p90)}]`
}

function note({ p95Nanoseconds, goal, bytes, bytesGoal }: CaseResult): string {
  const goalOf = (one: CaseResult['goal'], show: (value: number) => string): string[] =>
    one === undefined ? [] : [`goal: ${one.is} ${show(one.value)}, ${one.met ? 'met' : 'missed'}`]
  return [
    ...(p95Nanoseconds === undefined ? [] : [`p95: ${duration(p95Nanoseconds)}`]),
    ...goalOf(goal, duration),
    ...(bytes === undefined ? [] : [`memory: ${size(bytes.median)} ${span(bytes, size)}`]),
    ...goalOf(bytesGoal, size),
  ].join(', ')
}

function size(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`
}

function verdict({ goal }: RatioResult): string {
  return goal === undefined ? '' : `goal: ${goal.is} ${goal.value}, ${goal.met ? 'met' : 'missed'}`
}

function factor(ratio: number): string {
  return `${ratio.toFixed(ratio < 10 ? 3 : 1)} ×`
}

function duration(nanoseconds: number): string {
  const [size, unit] = nanoseconds < 1e4 ? [1, 'ns'] : nanoseconds < 1e7 ? [1e3, 'µs'] : [1e6, 'ms']
  return `${(nanoseconds / size).toFixed(nanoseconds / size < 100 ? 1 : 0)} ${unit}`
}
