import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type AlertRule, defaultRules, readRules } from '@wombat/monitor'
import { type Route, type RouteAddresses, routeFiles, routes } from '../collector-config.ts'
import { shippedRunbook } from '../rules/alert-rules.ts'
import { ruleFiles } from '../rules/default-rule-files.ts'
import type { Objectives } from '../rules/objectives.ts'
import type { CliOptions, ParsedOptions } from './options.ts'
import { suggest, UsageError } from './usage-error.ts'
import { writeFiles } from './written-files.ts'

export const writeOptions = {
  route: { value: 'a route', description: `How metrics get there: ${routes.join(', ')} (default scrape).` },
  rules: { value: 'a file', description: 'Your own alert rules, JSON or YAML, in place of the default ones.' },
  availability: { value: 'a share', description: 'The share of operations that is to succeed (default 0.999).' },
  latency: { value: 'a share', description: 'The share of gets and sets that is to be fast enough (default 0.99).' },
  'latency-seconds': { value: 'seconds', description: 'What is fast enough: a bound of the latency histograms (default 0.1).' },
  'minimum-operations': { value: 'a number', description: 'Of fewer operations, no burning budget is told (default 100).' },
  'runbook-url': { value: 'an address', description: 'Where you publish the runbook: alerts and panels link to its sections.' },
  target: { value: 'host:port', repeated: true, description: 'Where a process serves /metrics (default 127.0.0.1:9090).' },
  'otlp-listen': { value: 'host:port', description: 'Where the Collector takes OTLP (default 127.0.0.1:4318).' },
  'page-listen': { value: 'host:port', description: 'Where the Collector shows its metrics (default 127.0.0.1:8889).' },
  prometheus: { value: 'an address', description: 'Prometheus (default http://127.0.0.1:9090).' },
  victoriametrics: { value: 'an address', description: 'VictoriaMetrics (default http://127.0.0.1:8428).' },
  force: { description: 'Overwrite files that this command did not write, or that were changed since.' },
} as const satisfies CliOptions

/** Writes dashboards, rules and the configuration of a route; says what it wrote. @throws Misuse; Error where it must not write. */
export async function write(typed: ParsedOptions, say: (line: string) => void): Promise<number> {
  const [folder, ...others] = typed.positionals
  if (folder === undefined || others.length > 0) throw new UsageError(`write needs one folder, got ${typed.positionals.length}`)
  if (folder === '') throw new UsageError('write needs the name of a folder, got "": of a variable that is not set?')
  const route = parseRoute(typed.text('route'))
  const rulesFile = typed.text('rules')
  const objectives = parseObjectives(typed)
  const runbookUrl = typed.address('runbook-url')?.href
  const rules = rulesFile === undefined ? defaultRules : await readRules(rulesFile)
  const written = ruleFiles({ rules, objectives, ...(runbookUrl !== undefined && { runbookUrl }) })
  const outcomes = await writeFiles(
    folder,
    {
      ...inFolder('dashboards', dashboards(rules, runbookUrl)),
      ...inFolder('rules', written),
      ...routeFiles(route, parsePlaces(typed)),
    },
    { force: typed.has('force') },
  )
  for (const [name, outcome] of Object.entries(outcomes)) say(`${outcome}: ${join(folder, name)}`)
  return 0
}

function parseRoute(text = 'scrape'): Route {
  const route = routes.find((known) => known === text)
  if (route === undefined)
    throw new UsageError(`--route must be one of ${routes.join(', ')}, got ${text}${suggest(text, routes)}`)
  return route
}

function parseObjectives(typed: ParsedOptions): Objectives {
  return defined({
    availability: typed.number('availability'),
    latency: typed.number('latency'),
    latencySeconds: typed.number('latency-seconds'),
    minimumOperations: typed.number('minimum-operations'),
  })
}

function parsePlaces(typed: ParsedOptions): RouteAddresses {
  const targets = typed.hosts('target')
  return defined({
    targets: targets.length === 0 ? undefined : targets,
    otlp: typed.hosts('otlp-listen')[0],
    page: typed.hosts('page-listen')[0],
    prometheus: typed.address('prometheus')?.href,
    victoriametrics: typed.address('victoriametrics')?.href,
  })
}

/** What was not typed is left out, for the defaults to hold. */
function defined<Values extends object>(values: Values): { [Name in keyof Values]?: Exclude<Values[Name], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never
}

/** The dashboards that come with the package, which mark the alerts of its rules and speak of its runbook: with these instead. */
function dashboards(rules: readonly AlertRule[], runbookUrl: string = shippedRunbook): Record<string, string> {
  const folder = join(import.meta.dirname, '../../generated/dashboards')
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'))
  const textOf = (name: string) =>
    readFileSync(join(folder, name), 'utf8')
      .split(shippedRunbook)
      .join(runbookUrl)
      .replace(alternatives(defaultRules), () => alternatives(rules))
  return Object.fromEntries(names.map((name) => [name, textOf(name)]))
}

function alternatives(rules: readonly AlertRule[]): string {
  return rules.map(({ name }) => name).join('|')
}

function inFolder(folder: string, files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [`${folder}/${name}`, text]))
}
