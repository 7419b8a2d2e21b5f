import type { Labels } from '@wombat/instrumentation'

/** What a template may speak of. */
export interface TemplateData {
  readonly labels: Labels
  /** Undefined where the condition has nothing to see: an alert about silence. */
  readonly value: number | undefined
}

const expression = /\{\{\s*([^}]*?)\s*\}\}/g
const formats: Readonly<Record<string, (value: number) => string>> = {
  percent: (value) => `${round(value * 100)}%`,
  bytes,
  duration,
}

/**
 * Fills in `{{ labels.NAME }}`, `{{ value }}` and `{{ value | percent }}`, `bytes` or `duration`. There is no code in a
 * template: anything else stays as it is, and so can be seen.
 */
export function expand(template: string, { labels, value }: TemplateData): string {
  return template.replace(expression, (whole, inside: string) => {
    const [what = '', format] = inside.split(/\s*\|\s*/)
    if (what === 'value') return shown(value, format) ?? whole
    return what.startsWith('labels.') && format === undefined ? (labels[what.slice('labels.'.length)] ?? '') : whole
  })
}

function shown(value: number | undefined, format: string | undefined): string | undefined {
  if (value === undefined) return 'no data'
  return format === undefined ? round(value) : formats[format]?.(value)
}

/** What in a template cannot be filled in; empty where all can. */
export function validateTemplate(template: string): string[] {
  return [...template.matchAll(expression)].flatMap(([whole, inside = '']) => {
    const [what = '', format] = inside.split(/\s*\|\s*/)
    const fine = what === 'value' ? format === undefined || format in formats : /^labels\.\w+$/.test(what) && format === undefined
    return fine ? [] : [whole]
  })
}

function round(value: number): string {
  return String(Number(value.toPrecision(4)))
}

function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
  const power = value === 0 ? 0 : Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.abs(value)) / 10)))
  return `${round(value / 1024 ** power)} ${units[power]}`
}

function duration(seconds: number): string {
  if (Math.abs(seconds) < 1e-3) return `${round(seconds * 1e6)} µs`
  if (Math.abs(seconds) < 1) return `${round(seconds * 1e3)} ms`
  if (Math.abs(seconds) < 120) return `${round(seconds)} s`
  return Math.abs(seconds) < 7200 ? `${round(seconds / 60)} min` : `${round(seconds / 3600)} h`
}
