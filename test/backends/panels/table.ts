import { excuseFor } from './expected-gaps.ts'
import type { Answer } from './results.ts'

const titles = ['from', 'panel or rule, query', 'scraped', 'OTLP', 'why blank'] as const

/** How many series each question found by each way, and where none, why; a blank without a reason is cried out. */
export async function tableOf(answers: readonly Answer[], engines: readonly string[]): Promise<string> {
  const rows = await Promise.all(
    answers.map(async ({ question, samples }) => {
      const [scraped, sent] = [samples.prometheus.length, samples.victoriaMetrics.length]
      const reason = scraped > 0 && sent > 0 ? '' : ((await excuseFor(question, engines))?.why ?? 'NO REASON')
      return [question.from, question.title, String(scraped), String(sent), reason]
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
  const blank = rows.filter(([, , scraped, sent]) => scraped === '0' || sent === '0')
  const unexcused = blank.filter(([, , , , reason]) => reason === 'NO REASON')
  const sum = `${rows.length} questions, ${rows.length - blank.length} answered by both ways, ${blank.length} blank, ${unexcused.length} of them without a reason`
  return [line(titles), ...rows.map(line), '', sum].join('\n')
}
