import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { prometheusRule } from '@wombat/dashboards'
import { pathOf } from '@wombat/test-support/backend-programs'
import { stringify } from 'yaml'
import type { Written } from './alert-manager-timeline.ts'
import type { Scenario, Tick } from './scenario.ts'

/**
 * Asks promtool whether the compiled rules write these alerts at every tick. Undefined where they do; else what it says, with
 * the seeds in the names of files.
 */
export async function disagreement(
  judged: ReadonlyMap<Scenario, readonly Written[][]>,
  folder: string,
): Promise<string | undefined> {
  const files = await Promise.all([...judged].map(([scenario, timeline]) => writeTest(scenario, timeline, folder)))
  try {
    await promisify(execFile)(pathOf('promtool'), ['test', 'rules', ...files], { maxBuffer: 2 ** 28 })
    return undefined
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    return `${stdout}${stderr}`
  }
}

async function writeTest(scenario: Scenario, timeline: readonly Written[][], folder: string): Promise<string> {
  const { seed, intervalMs, rule } = scenario
  const interval = `${intervalMs}ms`
  const rules = join(folder, `rules-${seed}.yml`)
  const file = join(folder, `seed-${seed}.yml`)
  const inputs = scenario.series.map(({ series, values }) => ({
    series: notation(series.name, series.labels),
    values: notedValues(values),
  }))
  const expected = timeline.map((alerts, tick) => ({
    expr: 'ALERTS',
    eval_time: `${tick * intervalMs}ms`,
    exp_samples: alerts.map((labels) => ({ labels: notation('ALERTS', labels), value: 1 })),
  }))
  await writeFile(rules, stringify({ groups: [{ name: 'wombat', interval, rules: [prometheusRule(rule)] }] }))
  const tests = [{ interval, input_series: inputs, promql_expr_test: expected }]
  await writeFile(file, stringify({ rule_files: [rules], evaluation_interval: interval, tests }))
  return file
}

function notation(name: string, labels: Readonly<Record<string, string>>): string {
  return `${name}{${Object.entries(labels)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join(',')}}`
}

/** Prometheus marks a series that ends with one sample, and has nothing after it. */
function notedValues(values: readonly Tick[]): string {
  let alive = false
  return values
    .map((value) => {
      if (value === 'unseen') return '_'
      if (value === 'ended') {
        const mark = alive ? 'stale' : '_'
        alive = false
        return mark
      }
      alive = true
      return String(value)
    })
    .join(' ')
}
