import type { Labels } from '@wombat/instrumentation'

/** Values for the placeholders of a template. */
export interface TemplateData {
  readonly labels: Labels
  /** Undefined if it is not known. */
  readonly value: number | undefined
  /** Whether the alert is about missing data: the value becomes "no data". */
  readonly isNoData?: boolean | undefined
}

const formats: ReadonlyMap<string, (value: number) => string> = new Map([
  ['percent', (ratio) => `${formatNumber(ratio * 100)}%`],
  ['bytes', formatBytes],
  ['duration', formatDuration],
])

/** An expanded template is cut after this many characters: values of labels may be long, and receivers reject long texts. */
const maxLength = 4096

/**
 * Replaces `{{ labels.NAME }}`, `{{ value }}` and `{{ value | percent }}`, `{{ value | bytes }}` and `{{ value | duration }}`.
 * Templates contain no code. Any other placeholder stays as it is, so that the mistake is visible. What is longer than 4096 characters is
 * cut.
 */
export function expandTemplate(template: string, data: TemplateData): string {
  let expanded = ''
  for (const part of readParts(template)) {
    expanded += part.placeholder === undefined ? part.text : (expandPlaceholder(part.placeholder, data) ?? part.text)
    // Escaped: a bundle of Latin characters takes half of the memory.
    if (expanded.length > maxLength) return `${expanded.slice(0, maxLength - 1)}\u2026`
  }
  return expanded
}

/** Returns the placeholders of a template that `expandTemplate` does not replace. */
export function validateTemplate(template: string): string[] {
  const problems: string[] = []
  for (const { text, placeholder } of readParts(template)) {
    // A placeholder without its end, which Prometheus rejects, is a text.
    const isValid = placeholder === undefined ? !text.includes('{{') : isKnown(placeholder)
    if (!isValid) problems.push(text)
  }
  return problems
}

/** A part of a template. */
interface TemplatePart {
  readonly text: string
  /** What is between the braces; undefined if the part is a plain text. */
  readonly placeholder?: string
}

/** Returns the parts of a template. Takes time in proportion to its length. */
function* readParts(template: string): Generator<TemplatePart> {
  let position = 0
  for (;;) {
    const start = template.indexOf('{{', position)
    const end = start === -1 ? -1 : template.indexOf('}}', start)
    if (end === -1) return yield { text: template.slice(position) }
    yield { text: template.slice(position, start) }
    position = end + 2
    yield { text: template.slice(start, position), placeholder: template.slice(start + 2, end).trim() }
  }
}

function isKnown(placeholder: string): boolean {
  const { name, format } = parsePlaceholder(placeholder)
  return name === 'value' ? format === undefined || formats.has(format) : /^labels\.\w+$/.test(name) && format === undefined
}

/** Returns the text for a placeholder; undefined if there is none of this name. */
function expandPlaceholder(placeholder: string, { labels, value, isNoData = false }: TemplateData): string | undefined {
  if (!isKnown(placeholder)) return undefined
  const { name, format } = parsePlaceholder(placeholder)
  if (name === 'value') return formatValue(isNoData ? undefined : value, format)
  const label = name.slice('labels.'.length)
  return Object.hasOwn(labels, label) ? labels[label] : ''
}

function parsePlaceholder(placeholder: string): { readonly name: string; readonly format: string | undefined } {
  const at = placeholder.indexOf('|')
  if (at === -1) return { name: placeholder, format: undefined }
  return { name: placeholder.slice(0, at).trim(), format: placeholder.slice(at + 1).trim() }
}

function formatValue(value: number | undefined, format: string | undefined): string | undefined {
  if (value === undefined) return 'no data'
  return format === undefined ? formatNumber(value) : formats.get(format)?.(value)
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
