import { explainGap } from './expected-gaps.ts'
import type { QueryResult } from './results.ts'

const titles = ['from', 'panel query or rule', 'scraped', 'OTLP', 'reason if empty'] as const

/** Returns a table of the series per query and route, with the reason for each empty result; a missing reason is in capitals. */
export async function formatTable(results: readonly QueryResult[], engines: readonly string[]): Promise<string> {
  const rows = await Promise.all(
    results.map(async ({ query, samples }) => {
      const [scraped, sent] = [samples.prometheus.length, samples.victoriaMetrics.length]
      const reason = scraped > 0 && sent > 0 ? '' : ((await explainGap(query, engines))?.why ?? 'NO REASON')
      return [query.from, query.title, String(scraped), String(sent), reason]
    }),
  )
  const widths = titles.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        column === 2 || column === 3 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd()
  const empty = rows.filter(([, , scraped, sent]) => scraped === '0' || sent === '0')
  const unexplained = empty.filter(([, , , , reason]) => reason === 'NO REASON')
  const summary = `${rows.length} queries: ${rows.length - empty.length} with results on both routes, ${empty.length} without, ${unexplained.length} of them unexplained`
  return [line(titles), ...rows.map(line), '', summary].join('\n')
}
