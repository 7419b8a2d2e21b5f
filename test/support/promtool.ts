import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { stringify } from 'yaml'
import { programPath } from './backend-programs.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** A firing alert as Prometheus sends it. */
export interface SentAlert {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

/** A rule test of promtool: input series and what must happen. */
export interface RuleTest {
  readonly interval: string
  /** Samples by series, in promtool's notation. */
  readonly input: Readonly<Record<string, string>>
  /** All firing alerts at a time, each as its name and other labels. */
  readonly firing?: ReadonlyArray<{ readonly at: string; readonly alerts: readonly string[] }>
  /** Values of an expression at a time, by series. */
  readonly values?: ReadonlyArray<{
    readonly at: string
    readonly expr: string
    readonly expected: Readonly<Record<string, number>>
  }>
  /** Firing alerts with a name at a time, as Prometheus sends them. */
  readonly sent?: ReadonlyArray<{ readonly at: string; readonly alert: string; readonly alerts: readonly SentAlert[] }>
}

/** Runs rule tests with these rule files. Returns promtool's errors; an empty string if everything happens as expected. */
export async function ruleTestErrors(files: Readonly<Record<string, string>>, ...tests: RuleTest[]): Promise<string> {
  const folder = await temporaryFolder()
  const rules = await writeRuleFiles(files, join(folder, 'rules'))
  const file = join(folder, 'test.yaml')
  const content = { rule_files: rules, evaluation_interval: '1m', tests: tests.map(toPromtoolTest) }
  await writeFile(file, stringify(content))
  return promtool('test', 'rules', file)
}

/** Checks rule files. Returns promtool's errors and lint warnings; an empty string if there are none. */
export async function ruleFileErrors(files: Readonly<Record<string, string>>): Promise<string> {
  return promtool('check', 'rules', '--lint=all', '--lint-fatal', ...(await writeRuleFiles(files, await temporaryFolder())))
}

/** Writes rule files into a folder and returns their paths. */
export async function writeRuleFiles(files: Readonly<Record<string, string>>, folder: string): Promise<string[]> {
  await mkdir(folder, { recursive: true })
  const paths = Object.entries(files).map(async ([name, text]) => {
    const path = join(folder, name)
    await writeFile(path, text)
    return path
  })
  return Promise.all(paths)
}

/** Runs promtool. Returns its output if it fails, else an empty string. */
export async function promtool(...args: string[]): Promise<string> {
  try {
    await promisify(execFile)(programPath('promtool'), args, { maxBuffer: 2 ** 26 })
    return ''
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    return stdout + stderr || String(error)
  }
}

function toPromtoolTest({ interval, input, firing = [], values = [], sent = [] }: RuleTest) {
  return {
    interval,
    input_series: Object.entries(input).map(([series, samples]) => ({ series, values: samples })),
    promql_expr_test: [
      ...firing.map(({ at, alerts }) => ({
        expr: 'sum by (alertname, store, long_window) (ALERTS{alertstate="firing"})',
        eval_time: at,
        exp_samples: alerts.map((labels) => ({ labels: `{${labels}}`, value: 1 })),
      })),
      ...values.map(({ at, expr, expected }) => ({
        expr,
        eval_time: at,
        exp_samples: Object.entries(expected).map(([labels, value]) => ({ labels, value })),
      })),
    ],
    alert_rule_test: sent.map(({ at, alert, alerts }) => ({
      eval_time: at,
      alertname: alert,
      exp_alerts: alerts.map(({ labels, annotations }) => ({ exp_labels: labels, exp_annotations: annotations })),
    })),
  }
}
