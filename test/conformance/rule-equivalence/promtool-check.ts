import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { prometheusRule } from '@wombat/dashboards'
import { programPath } from '@wombat/test-support/backend-programs'
import { stringify } from 'yaml'
import type { AlertLabels } from './alert-manager-timeline.ts'
import type { SampleValue, Scenario } from './scenario.ts'

/**
 * Checks with promtool that the compiled rules have these alerts at every evaluation. Returns undefined if they do, else its
 * output; file names contain the seeds.
 */
export async function checkWithPromtool(
  timelines: ReadonlyMap<Scenario, readonly AlertLabels[][]>,
  folder: string,
): Promise<string | undefined> {
  const files = await Promise.all([...timelines].map(([scenario, timeline]) => writeTest(scenario, timeline, folder)))
  try {
    await promisify(execFile)(programPath('promtool'), ['test', 'rules', ...files], { maxBuffer: 2 ** 28 })
    return undefined
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    return `${stdout}${stderr}`
  }
}

async function writeTest(scenario: Scenario, timeline: readonly AlertLabels[][], folder: string): Promise<string> {
  const { seed, intervalMs, evaluateEvery, rule } = scenario
  const evaluationMs = evaluateEvery * intervalMs
  const interval = `${evaluationMs}ms`
  const rules = join(folder, `rules-${seed}.yml`)
  const file = join(folder, `seed-${seed}.yml`)
  const inputs = scenario.series.map(({ series, values }) => ({
    series: seriesNotation(series.name, series.labels),
    values: valuesNotation(values),
  }))
  const expected = timeline.map((alerts, evaluation) => ({
    expr: 'ALERTS',
    eval_time: `${evaluation * evaluationMs}ms`,
    exp_samples: alerts.map((labels) => ({ labels: seriesNotation('ALERTS', labels), value: 1 })),
  }))
  await writeFile(rules, stringify({ groups: [{ name: 'wombat', interval, rules: [prometheusRule(rule)] }] }))
  const tests = [{ interval: `${intervalMs}ms`, input_series: inputs, promql_expr_test: expected }]
  await writeFile(file, stringify({ rule_files: [rules], evaluation_interval: interval, tests }))
  return file
}

function seriesNotation(name: string, labels: Readonly<Record<string, string>>): string {
  return `${name}{${Object.entries(labels)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join(',')}}`
}

/** Prometheus writes one stale marker after the last sample of a series. */
function valuesNotation(values: readonly SampleValue[]): string {
  let alive = false
  return values
    .map((value) => {
      if (value === 'not scraped') return '_'
      if (value === 'ended') {
        const mark = alive ? 'stale' : '_'
        alive = false
        return mark
      }
      alive = true
      return String(value).replace('Infinity', 'Inf')
    })
    .join(' ')
}
