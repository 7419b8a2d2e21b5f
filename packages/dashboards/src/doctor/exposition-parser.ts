import type { Sample } from './sample.ts'

const line = /^(?<name>[a-zA-Z_:][\w:]*)(?:\{(?<labels>(?:[^"}]|"(?:[^"\\]|\\.)*")*)\})?\s+(?<value>\S+)/
const label = /(?<key>[a-zA-Z_]\w*)\s*=\s*"(?<text>(?:[^"\\]|\\.)*)"/g

/** The samples on a page in Prometheus' text format, or OpenMetrics; what is no sample is passed over. */
export function parseExposition(text: string): Sample[] {
  return text.split('\n').flatMap((each) => {
    const { name, labels = '', value } = line.exec(each)?.groups ?? {}
    if (name === undefined || value === undefined) return []
    return [{ name, labels: parseLabels(labels), value: parseNumber(value) }]
  })
}

function parseLabels(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(label)].map(({ groups }) => [groups?.['key'] ?? '', unescaped(groups?.['text'] ?? '')]),
  )
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_all, letter: string) => (letter === 'n' ? '\n' : letter))
}

/** A number as Prometheus writes it. */
export function parseNumber(text: string): number {
  return Number(text.replace(/^([+-]?)Inf$/, '$1Infinity'))
}
