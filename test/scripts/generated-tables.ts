import { metrics, type StoreAdapter, storeAdapters } from '@wombat/instrumentation'
import { storeModules } from '@wombat/instrumentation/internal'
import {
  type AlertRule,
  conditionTable,
  type DocumentedCondition,
  defaultRules,
  healthBoundTable,
  optionTable,
} from '@wombat/monitor'
import { openApiDocument } from '../../packages/monitor/src/http/openapi/openapi.ts'

/** A part of a document that is derived from code, between markers of its name. */
interface GeneratedTable {
  /** The document, below the root. */
  readonly file: string
  readonly write: () => string
}

export const tables: Readonly<Record<string, GeneratedTable>> = {
  options: { file: 'packages/monitor/docs/configuration.md', write: optionsTable },
  bounds: { file: 'packages/monitor/docs/health.md', write: boundsTable },
  alerts: { file: 'packages/monitor/docs/alerts.md', write: alertsTable },
  conditions: { file: 'packages/monitor/docs/alerts.md', write: conditionsTable },
  scopes: { file: 'packages/monitor/docs/http-api.md', write: scopesTable },
  metrics: { file: 'packages/instrumentation/README.md', write: metricsTable },
  adapters: { file: 'packages/instrumentation/README.md', write: adaptersTable },
  capabilities: { file: 'packages/instrumentation/README.md', write: capabilitiesTable },
}

/** Returns the documents that have generated parts. */
export const generatedDocuments: readonly string[] = [...new Set(Object.values(tables).map(({ file }) => file))]

/**
 * Returns the text of a document with its generated parts written anew.
 *
 * @throws Error if a marker is missing.
 */
export function withTables(file: string, text: string): string {
  const own = Object.entries(tables).filter(([, table]) => table.file === file)
  return own.reduce((written, [name, { write }]) => {
    const pattern = new RegExp(`(<!-- ${name}:[^>]*-->\n).*?(<!-- /${name} -->)`, 's')
    if (!pattern.test(written)) throw new Error(`${file} has no markers for the table "${name}"`)
    return written.replace(pattern, (_all, begin: string, end: string) => `${begin}\n${write()}\n\n${end}`)
  }, text)
}

function optionsTable(): string {
  return markdown(
    ['option', 'variable', 'default', 'allowed', 'meaning'],
    optionTable().map(({ option, variable, defaultValue, allowed, description }) => [
      `\`${option}\``,
      `\`${variable}\``,
      defaultValue === undefined ? '' : `\`${defaultValue}\``,
      allowed,
      description,
    ]),
  )
}

function boundsTable(): string {
  return markdown(
    ['bound', 'default', 'checks', 'meaning'],
    healthBoundTable().map(({ name, defaultValue, unit, checks, description }) => [
      `\`${name}\``,
      unit === 'bytes' ? `${defaultValue / 2 ** 20} MiB` : unit === 'seconds' ? `${defaultValue} s` : String(defaultValue),
      checks.map((check) => `\`${check}\``).join(', '),
      description,
    ]),
  )
}

/** Endpoints with the same answers share a row: what follows the first parameter in a path is left out. */
function scopesTable(): string {
  const rows = new Map<string, readonly string[]>()
  for (const [path, methods] of Object.entries(openApiDocument.paths)) {
    for (const [method, { security = openApiDocument.security }] of Object.entries(methods)) {
      const name = `\`${method.toUpperCase()} ${path.replace(/\/\{.*$/, '/…')}\``
      rows.set(name, [name, ...scopesOf(method, security)])
    }
  }
  return markdown(['endpoint', 'without a credential', '`read-only`', '`admin`'], [...rows.values()])
}

/** Returns what clients without a credential, with one that is read-only, and with one of an admin may do. */
function scopesOf(method: string, security: ReadonlyArray<object>): readonly string[] {
  if (security.length === 1) return ['yes', 'yes', 'yes']
  // Health: a status without a credential, details with one.
  if (security !== openApiDocument.security) return ['only a status', 'yes', 'yes']
  return ['401', method === 'get' ? 'yes' : '403', 'yes']
}

function alertsTable(): string {
  return markdown(
    ['alert', 'severity', 'condition', 'for'],
    defaultRules.map((rule) => {
      const section = rule.runbookUrl?.split('#')[1]
      return [
        `[${rule.name}](../RUNBOOK.md#${section})`,
        rule.severity,
        formatCondition(rule),
        formatDuration(rule.durationMs ?? 0),
      ]
    }),
  )
}

/** Conditions that compare the same value, above and below, share one row. */
function conditionsTable(): string {
  const rows = new Map<string, DocumentedCondition[]>()
  for (const row of conditionTable()) rows.set(row.description, [...(rows.get(row.description) ?? []), row])
  return markdown(
    ['condition', 'compares', 'fields'],
    [...rows].map(([description, conditions]) => [
      conditions.map(({ condition }) => `\`${condition}\``).join(', '),
      description,
      (conditions[0]?.fields ?? []).map((field) => `\`${field}\``).join(', '),
    ]),
  )
}

function formatCondition(rule: AlertRule): string {
  const { condition, metric } = rule
  const of = 'of' in rule ? ` / \`${rule.of}\`` : ''
  const quantile = 'quantile' in rule ? `P${rule.quantile * 100} of ` : ''
  const where =
    rule.where === undefined
      ? ''
      : ` (${Object.entries(rule.where)
          .map((pair) => pair.join('='))
          .join(', ')})`
  const threshold = 'threshold' in rule ? ` ${formatThreshold(rule.threshold)}` : ''
  return `${quantile}\`${metric}\`${of}${where}: \`${condition}\`${threshold}`
}

function formatThreshold(value: number): string {
  return value >= 2 ** 20 ? `${value / 2 ** 20} MiB` : String(value)
}

function formatDuration(ms: number): string {
  if (ms === 0) return 'at once'
  return ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1000} s`
}

function metricsTable(): string {
  return markdown(
    ['metric', 'kind', 'unit', 'labels', 'meaning'],
    Object.values(metrics).map(({ name, kind, unit, attributes, description }) => [
      `\`${name}\``,
      kind,
      `\`${unit}\``,
      attributes.join(', '),
      description,
    ]),
  )
}

function adaptersTable(): string {
  return markdown(
    ['adapter', 'npm packages and tested versions', 'found automatically', 'operations'],
    storeAdapters.map(({ name, packages = {}, operations }) => {
      const entries = Object.entries(packages)
      const found = entries.flatMap(([npmPackage]) => foundVersions(npmPackage) ?? [])
      return [
        `\`${name}\``,
        entries.map(([npmPackage, versions]) => `\`${npmPackage}\` ${versions}`.trim()).join(', '),
        found.length === 0 ? 'no' : found.join(', '),
        operations.join(', '),
      ]
    }),
  )
}

/** Returns the versions of a package whose stores are found automatically; undefined if none are. */
function foundVersions(npmPackage: string): string | undefined {
  const module = storeModules.find(({ name }) => name === npmPackage)
  if (module === undefined) return undefined
  return `\`${module.name}\` ${module.majors?.join(', ') ?? ''}`.trim()
}

function capabilitiesTable(): string {
  // Adapters of one engine share a column: it reports the same through each of them.
  const columns = new Map<string, Set<string>>()
  for (const adapter of storeAdapters) {
    const title = columnTitle(adapter)
    columns.set(title, new Set([...(columns.get(title) ?? []), ...reportedBy(adapter)]))
  }
  const reported = [...columns.values()]
  const names = Object.keys(metrics).filter((name) => reported.some((one) => one.has(name)))
  return markdown(
    ['metric', ...columns.keys()],
    names.map((name) => [`\`${name}\``, ...reported.map((one) => (one.has(name) ? '✓' : ''))]),
  )
}

function reportedBy({ engineMetrics }: StoreAdapter): ReadonlySet<string> {
  return new Set(Object.values(engineMetrics).flat())
}

/** Returns the engine's name if one engine of the adapter has metrics, else the adapter's. */
function columnTitle({ name, engineMetrics }: StoreAdapter): string {
  const engines = Object.keys(engineMetrics).filter((engine) => engineMetrics[engine]?.length !== 0)
  return engines.length === 1 ? (engines[0] ?? name) : name
}

function markdown(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
