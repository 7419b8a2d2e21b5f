import type { Sample } from './sample.ts'

const line = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/s
const label = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(?:,|$)/gsy

/**
 * Returns the samples of a page in the Prometheus text format 0.0.4. Timestamps are not supported.
 *
 * @throws Error with the first line that is not in this format.
 */
export function parsePrometheusText(text: string): Sample[] {
  if (!text.endsWith('\n')) throw new Error('the last line has no line break')
  return text
    .split('\n')
    .filter((row) => row !== '' && !row.startsWith('#'))
    .map((row) => {
      const [, name, labels = '', value = ''] = line.exec(row) ?? []
      if (name === undefined) throw new Error(`not a sample: ${row}`)
      return { name, labels: parseLabels(labels, row), value: parseValue(value, row) }
    })
}

function parseLabels(text: string, row: string): Record<string, string> {
  const found = [...text.matchAll(label)]
  if (found.map(([all]) => all).join('') !== text) throw new Error(`invalid labels: ${row}`)
  return Object.fromEntries(found.map(([, key = '', value = '']) => [key, unescapeLabelValue(value)]))
}

function unescapeLabelValue(value: string): string {
  return value.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character))
}

function parseValue(text: string, row: string): number {
  const value = Number(text.replace('Inf', 'Infinity'))
  if (Number.isNaN(value) && text !== 'NaN') throw new Error(`not a number: ${row}`)
  return value
}
