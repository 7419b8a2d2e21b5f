import type { Labels } from '@wombat/instrumentation'

/** Values for the placeholders of a template. */
export interface TemplateData {
  readonly labels: Labels
  /** Undefined if it is not known. */
  readonly value: number | undefined
  /** Whether the alert is about missing data: the value becomes "no data". */
  readonly isNoData?: boolean | undefined
}

const placeholder = /\{\{\s*([^}]*?)\s*\}\}/g
const formats: Readonly<Record<string, (value: number) => string>> = {
  percent: (ratio) => `${formatNumber(ratio * 100)}%`,
  bytes: formatBytes,
  duration: formatDuration,
}

/**
 * Replaces `{{ labels.NAME }}`, `{{ value }}` and `{{ value | percent }}`, `{{ value | bytes }}` and `{{ value | duration }}`.
 * Templates contain no code. Any other placeholder stays as it is, so that the mistake is visible.
 */
export function expandTemplate(template: string, { labels, value, isNoData = false }: TemplateData): string {
  return template.replace(placeholder, (whole, content: string) => {
    const [name = '', format] = content.split(/\s*\|\s*/)
    if (name === 'value') return formatValue(isNoData ? undefined : value, format) ?? whole
    return name.startsWith('labels.') && format === undefined ? (labels[name.slice('labels.'.length)] ?? '') : whole
  })
}

function formatValue(value: number | undefined, format: string | undefined): string | undefined {
  if (value === undefined) return 'no data'
  return format === undefined ? formatNumber(value) : formats[format]?.(value)
}

/** Returns the placeholders of a template that `expandTemplate` does not replace. */
export function validateTemplate(template: string): string[] {
  // What is left of "{{" is a placeholder without its end, which Prometheus rejects.
  const rest = template.replace(placeholder, '')
  const unclosed = rest.includes('{{') ? [rest.slice(rest.indexOf('{{'))] : []
  const unknown = [...template.matchAll(placeholder)].flatMap(([whole, content = '']) => {
    const [name = '', format] = content.split(/\s*\|\s*/)
    const isKnown =
      name === 'value' ? format === undefined || format in formats : /^labels\.\w+$/.test(name) && format === undefined
    return isKnown ? [] : [whole]
  })
  return [...unknown, ...unclosed]
}

function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
  return String(Number(value.toPrecision(4)))
}

function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
  const power = bytes === 0 ? 0 : Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.abs(bytes)) / 10)))
  return `${formatNumber(bytes / 1024 ** power)} ${units[power]}`
}

function formatDuration(seconds: number): string {
  if (Math.abs(seconds) < 1e-3) return `${formatNumber(seconds * 1e6)} µs`
  if (Math.abs(seconds) < 1) return `${formatNumber(seconds * 1e3)} ms`
  if (Math.abs(seconds) < 120) return `${formatNumber(seconds)} s`
  return Math.abs(seconds) < 7200 ? `${formatNumber(seconds / 60)} min` : `${formatNumber(seconds / 3600)} h`
}
