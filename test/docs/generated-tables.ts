import { metrics, type StoreAdapter, storeAdapters } from '@wombat/instrumentation'
import { optionTable } from '@wombat/monitor'

/** The README's parts that are derived from code, by the name of their markers. */
export const tables: Readonly<Record<string, () => string>> = {
  options: () =>
    markdown(
      ['option', 'variable', 'default', 'allowed', 'what for'],
      optionTable().map(({ option, variable, defaultValue, allowed, description }) => [
        `\`${option}\``,
        `\`${variable}\``,
        defaultValue === undefined ? '' : `\`${defaultValue}\``,
        allowed,
        description,
      ]),
    ),
  metrics: () =>
    markdown(
      ['metric', 'kind', 'unit', 'labels', 'what it says'],
      Object.values(metrics).map(({ name, kind, unit, attributes, description }) => [
        `\`${name}\``,
        kind,
        `\`${unit}\``,
        attributes.join(', '),
        description,
      ]),
    ),
  capabilities: () => {
    const names = Object.keys(metrics).filter((name) => storeAdapters.some((adapter) => suppliedBy(adapter).has(name)))
    return markdown(
      ['metric', ...storeAdapters.map(titleOf)],
      names.map((name) => [`\`${name}\``, ...storeAdapters.map((adapter) => (suppliedBy(adapter).has(name) ? '✓' : ''))]),
    )
  },
  stores: () =>
    markdown(
      ['adapter', 'operations that are measured'],
      storeAdapters.map(({ name, operations }) => [
        `\`${name}\``,
        operations.join(', ') || 'none: it has no verbs, and says what the engine says',
      ]),
    ),
}

function suppliedBy({ engineMetrics }: StoreAdapter): ReadonlySet<string> {
  return new Set(Object.values(engineMetrics).flat())
}

/** An adapter of one engine goes by that engine's name. */
function titleOf({ name, engineMetrics }: StoreAdapter): string {
  const engines = Object.keys(engineMetrics)
  return engines.length === 1 ? (engines[0] ?? name) : name
}

/** The text with every marked part written anew. @throws Error where a marker is missing. */
export function withTables(text: string): string {
  return Object.entries(tables).reduce((written, [name, table]) => {
    const pattern = new RegExp(`(<!-- ${name}:[^>]*-->\n).*?(<!-- /${name} -->)`, 's')
    if (!pattern.test(written)) throw new Error(`no markers for ${name}`)
    return written.replace(pattern, (_all, begin: string, end: string) => `${begin}\n${table()}\n\n${end}`)
  }, text)
}

function markdown(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
