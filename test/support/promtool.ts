import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { stringify } from 'yaml'
import { pathOf } from './backend-programs.ts'
import { temporaryFolder } from './temporary-folder.ts'

export interface SentAlert {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

/** What a rule test of promtool says happens, in promtool's own terms. */
export interface RuleTest {
  readonly interval: string
  /** Samples by series, in promtool's notation. */
  readonly input: Readonly<Record<string, string>>
  /** Alerts that fire, by time: the labels of each beside its name. */
  readonly firing?: ReadonlyArray<{ readonly at: string; readonly alerts: readonly string[] }>
  /** Values of an expression at a time: series, and what they are. */
  readonly values?: ReadonlyArray<{ readonly at: string; readonly expr: string; readonly are: Readonly<Record<string, number>> }>
  /** The firing alerts of a name as they are sent. */
  readonly sent?: ReadonlyArray<{ readonly at: string; readonly alert: string; readonly alerts: readonly SentAlert[] }>
}

/** What promtool says of rules under these tests: all that differs from what was said to happen. */
export async function ruleTestComplaints(files: Readonly<Record<string, string>>, ...tests: RuleTest[]): Promise<string> {
  const folder = await temporaryFolder()
  const rules = await written(files, join(folder, 'rules'))
  const file = join(folder, 'test.yaml')
  const content = { rule_files: rules, evaluation_interval: '1m', tests: tests.map(inTheirTerms) }
  await writeFile(file, stringify(content))
  return promtool('test', 'rules', file)
}

/** What promtool says of rule files that it is to check. */
export async function ruleFileComplaints(files: Readonly<Record<string, string>>): Promise<string> {
  return promtool('check', 'rules', '--lint=all', '--lint-fatal', ...(await written(files, await temporaryFolder())))
}

/** Rule files in a folder; their paths. */
export async function written(files: Readonly<Record<string, string>>, folder: string): Promise<string[]> {
  await mkdir(folder, { recursive: true })
  const paths = Object.entries(files).map(async ([name, text]) => {
    const path = join(folder, name)
    await writeFile(path, text)
    return path
  })
  return Promise.all(paths)
}

/** Runs promtool; nothing where it is content. */
export async function promtool(...args: string[]): Promise<string> {
  try {
    await promisify(execFile)(pathOf('promtool'), args, { maxBuffer: 2 ** 26 })
    return ''
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    return stdout + stderr || String(error)
  }
}

function inTheirTerms({ interval, input, firing = [], values = [], sent = [] }: RuleTest) {
  return {
    interval,
    input_series: Object.entries(input).map(([series, samples]) => ({ series, values: samples })),
    promql_expr_test: [
      ...firing.map(({ at, alerts }) => ({
        expr: 'sum by (alertname, store, long_window) (ALERTS{alertstate="firing"})',
        eval_time: at,
        exp_samples: alerts.map((labels) => ({ labels: `{${labels}}`, value: 1 })),
      })),
      ...values.map(({ at, expr, are }) => ({
        expr,
        eval_time: at,
        exp_samples: Object.entries(are).map(([labels, value]) => ({ labels, value })),
      })),
    ],
    alert_rule_test: sent.map(({ at, alert, alerts }) => ({
      eval_time: at,
      alertname: alert,
      exp_alerts: alerts.map(({ labels, annotations }) => ({ exp_labels: labels, exp_annotations: annotations })),
    })),
  }
}
