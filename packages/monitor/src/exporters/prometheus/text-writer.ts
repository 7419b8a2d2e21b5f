import type { Exemplar, Labels } from '@wombat/instrumentation'
import type { PageFamily, PageHistogram, PageSeries, PageWriter, SeriesText } from './page-writer.ts'
import { createSeriesText, labelsText, numberText } from './series-text.ts'
import type { TextDialect } from './text-dialects.ts'

/** Writes a page as text: what never changes is kept, so that a page only adds the numbers. */
export class TextWriter implements PageWriter {
  readonly #dialect: TextDialect
  /** Lines, of which the last one is not ended. */
  #text = ''
  #family: PageFamily | undefined
  #hasHead = false

  constructor(dialect: TextDialect) {
    this.#dialect = dialect
  }

  get length(): number {
    return this.#text.length
  }

  writeTargetInfo(labels: Labels): void {
    this.#text += `${this.#dialect.targetInfoHead}\ntarget_info${labelsText(labels)} 1`
  }

  beginFamily(family: PageFamily): void {
    this.#family = family
    this.#hasHead = false
  }

  writeNumber(series: PageSeries, value: number, createdMs: number): void {
    const family = this.#writeHead()
    const texts = textsOf(family, series)
    this.#text += texts.value + numberText(value)
    if (this.#dialect.hasCreated && family.type === 'counter') this.#writeCreated(texts, createdMs)
  }

  writeHistogram(series: PageSeries, { bounds, cumulative, sum, exemplars }: PageHistogram, createdMs: number): void {
    const { hasExemplars, hasCreated, boundEnds } = this.#dialect
    const texts = textsOf(this.#writeHead(), series)
    const { bucket } = texts
    const ends = boundEnds(bounds)
    let text = texts.count + cumulative[bounds.length] + texts.sum + numberText(sum)
    let next = hasExemplars ? exemplars[0] : undefined
    for (let index = 0, shown = 0; index <= bounds.length; index++) {
      text = text + bucket + ends[index] + cumulative[index]
      if (next !== undefined && next.value <= (bounds[index] ?? Number.POSITIVE_INFINITY)) {
        text += exemplarText(next)
        next = exemplars[++shown]
      }
    }
    this.#text += text
    if (hasCreated) this.#writeCreated(texts, createdMs)
  }

  /** Writes lines, of which the last one is ended. */
  writeLines(lines: string): void {
    this.#text += `\n${lines.slice(0, -1)}`
  }

  endFamily(): void {
    this.#family = undefined
  }

  end(): void {
    this.#text += `\n${this.#dialect.end}`
  }

  take(): Uint8Array {
    const bytes = Buffer.from(this.#text)
    this.#text = ''
    return bytes
  }

  #writeHead(): PageFamily {
    const family = this.#family
    if (family === undefined) throw new Error('a series is written outside of a metric')
    if (!this.#hasHead) this.#text += this.#dialect.head(family)
    this.#hasHead = true
    return family
  }

  #writeCreated(texts: SeriesText, createdMs: number): void {
    this.#text += texts.created + createdMs / 1000
  }
}

function textsOf(family: PageFamily, series: PageSeries): SeriesText {
  series.text ??= createSeriesText(family, series.labels)
  return series.text
}

function exemplarText({ value, timeMs, traceId, spanId }: Exemplar): string {
  return ` # {trace_id="${traceId}",span_id="${spanId}"} ${value} ${timeMs / 1000}`
}
