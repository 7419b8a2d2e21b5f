import { pipeline, Readable } from 'node:stream'
import { createGzip, deflateRaw } from 'node:zlib'
import type { MetricsRegistry } from '@wombat/instrumentation'
import { errorKind } from '@wombat/instrumentation/internal'
import { DroppedPointsLog, toForeignMetrics } from '../collection/prometheus-metrics.ts'
import type { Reader, Reading } from '../collection/registry-reader.ts'
import { createScrapeCounters, type scrapeDropReasons, selfTimeSlices } from '../collection/self-metrics.ts'
import type { FormatName } from '../exporters/prometheus/exposition-format.ts'
import { loadForeignText } from '../exporters/prometheus/foreign-text.ts'
import { writePage } from '../exporters/prometheus/page.ts'
import type { PageWriter } from '../exporters/prometheus/page-writer.ts'
import { openMetricsDialect, plainOpenMetricsDialect, prometheusDialect } from '../exporters/prometheus/text-dialects.ts'
import { TextWriter } from '../exporters/prometheus/text-writer.ts'
import { errorMessage } from '../validation/error-message.ts'
import { fixedLimits } from './limits/request-limits.ts'
import { type DropReason, type PageReader, SharedPage } from './shared-page.ts'

export interface PrometheusPagesOptions {
  /** Whether a page in protobuf has native histograms. */
  readonly nativeHistograms: boolean
}

/** A client of a page. */
export interface PageClient {
  readonly parts: PageReader
  /** Whether the parts are compressed by gzip. Known when there is a part. */
  readonly isCompressed: boolean
}

/** There are no metrics. The message has the reason. */
export class CollectionError extends Error {}

/** Bytes of a part of a page, which is sent as a whole. */
const partBytes = 128 * 1024
/** A page with less is sent as it is: compressed, it takes as many packets. */
const minCompressedBytes = 1024
/** The fastest level: a page becomes a tenth as long, and compression uses the threads that stores need. */
const compressionLevel = 1

/** How long a page waits for a thread that compresses it, in milliseconds. It would wait so long again for each of its parts. */
const maxThreadWaitMs = 50

const dropWarnings: Readonly<Record<(typeof scrapeDropReasons)[number], string>> = {
  gone: 'a client closed the connection before it had the whole page for Prometheus: raise the scrape_timeout if it was Prometheus',
  slow: 'a client of the page for Prometheus was disconnected: it read nothing for 30 s, or much less than another one at the same time',
  limit: `${fixedLimits.pageClients} clients wait for the page for Prometheus, another one got 503: scrape less often`,
}

/** The pages for Prometheus. Clients that ask for the same format at the same time get the same page, which is created once. */
export class PrometheusPages {
  readonly #reader: Reader
  readonly #registry: MetricsRegistry
  readonly #options: PrometheusPagesOptions
  readonly #droppedPoints: DroppedPointsLog
  /** The last page of each format and encoding. */
  readonly #pages = new Map<string, NegotiatedPage>()
  #clients = 0

  constructor(reader: Reader, registry: MetricsRegistry, options: PrometheusPagesOptions) {
    this.#reader = reader
    this.#registry = registry
    this.#options = options
    this.#droppedPoints = new DroppedPointsLog(registry, 'prometheus')
    createScrapeCounters(registry)
  }

  /** Opens a page for a client; returns undefined if too many clients wait. */
  open(format: FormatName, wantsGzip: boolean): PageClient | undefined {
    if (this.#clients >= fixedLimits.pageClients) {
      this.#recordDrop('limit')
      return undefined
    }
    const page = this.#findPage(format, wantsGzip)
    this.#clients++
    const parts = page.shared.join(() => {
      this.#clients--
    })
    return {
      parts,
      get isCompressed() {
        return page.isCompressed
      },
    }
  }

  #findPage(format: FormatName, wantsGzip: boolean): NegotiatedPage {
    const key = `${format} ${wantsGzip}`
    const existing = this.#pages.get(key)
    if (existing?.shared.isJoinable === true) return existing
    const page = new NegotiatedPage(
      (signal) => this.#createParts(format, signal),
      wantsGzip,
      (reason) => this.#recordDrop(reason),
    )
    this.#pages.set(key, page)
    return page
  }

  async *#createParts(format: FormatName, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const reading = await readCompletely(this.#reader)
    const slices = selfTimeSlices(this.#registry, 'serving', { pause: 'turn', signal })
    try {
      const { metrics: foreign, dropped } = toForeignMetrics(reading.foreign, reading.registry?.families() ?? [])
      this.#droppedPoints.add(dropped)
      // Only this format has none.
      if (format !== 'text') reading.startTimes.update()
      // A writer or OpenTelemetry's serializer may have to be loaded first, which is no work of this page.
      const writer = await this.#createWriter(format)
      const isSerialized = format === 'text' && foreign.length > 0 && writer instanceof TextWriter
      const writeForeign = isSerialized ? await loadForeignText(writer, reading.resource) : undefined
      for (const _ of writePage({ reading, foreign, semconv: this.#registry.semconv }, writer, writeForeign)) {
        if (writer.length >= partBytes) {
          const part = writer.take()
          // Nothing is done until the clients have taken it.
          slices.end()
          yield part
          slices.begin()
        }
        await slices.yieldIfDue()
      }
      yield writer.take()
    } finally {
      slices.end()
    }
  }

  async #createWriter(format: FormatName): Promise<PageWriter> {
    if (format !== 'protobuf') return new TextWriter(dialects[format])
    const { ProtobufWriter } = await import('../exporters/prometheus/protobuf-writer.ts')
    return new ProtobufWriter(this.#options.nativeHistograms)
  }

  #recordDrop(reason: keyof typeof dropWarnings): void {
    this.#registry.incrementCounter('wombat_monitor_scrapes_dropped_total', 1, { reason })
    this.#registry.warnOnce(`scrape ${reason}`, `${dropWarnings[reason]}; further ones are only counted`)
  }
}

const dialects = { text: prometheusDialect, openmetrics: openMetricsDialect, 'openmetrics-plain': plainOpenMetricsDialect }

/** A page with its encoding. */
class NegotiatedPage {
  readonly shared: SharedPage
  #isCompressed = false

  constructor(
    createParts: (signal: AbortSignal) => AsyncGenerator<Uint8Array>,
    wantsGzip: boolean,
    onDropped: (reason: DropReason) => void,
  ) {
    this.shared = new SharedPage((signal) => (wantsGzip ? this.#compress(createParts(signal)) : createParts(signal)), onDropped)
  }

  get isCompressed(): boolean {
    return this.#isCompressed
  }

  async *#compress(parts: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      const { value: first, done } = await parts.next()
      if (done === true) return
      // Only the last part is shorter than the others.
      this.#isCompressed = first.length >= minCompressedBytes && (await isThreadFree())
      const all = prepend(first, parts)
      yield* this.#isCompressed ? gzip(all) : all
    } finally {
      await parts.return(undefined)
    }
  }
}

async function* prepend(first: Uint8Array, others: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first
  yield* others
}

/**
 * Returns whether a thread of the pool is free soon. Stores can occupy all of them for long, and the page that shows this must not wait, too.
 */
async function isThreadFree(): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const isLate = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, maxThreadWaitMs, false)
    timer.unref()
  })
  const isFree = new Promise<boolean>((resolve) => deflateRaw(Buffer.of(0), () => resolve(true)))
  try {
    return await Promise.race([isFree, isLate])
  } finally {
    clearTimeout(timer)
  }
}

/** Compresses parts in the threads of the pool, as fast as the result is taken. */
function gzip(parts: AsyncGenerator<Uint8Array>): AsyncIterable<Uint8Array> {
  const stream = createGzip({ level: compressionLevel, chunkSize: partBytes })
  // An error destroys the stream, which throws it.
  return pipeline(Readable.from(parts, { highWaterMark: 1 }), stream, () => {})
}

/** Reads the metrics. Missing points would look like a store that stopped. @throws CollectionError if they cannot be read completely. */
async function readCompletely(reader: Reader): Promise<Reading> {
  let reading: Reading
  try {
    reading = await reader.read()
  } catch (error) {
    throw new CollectionError(`collection failed: ${errorMessage(error)}`)
  }
  const [error] = reading.errors
  if (error === undefined) return reading
  // The error comes from a callback of the application, and its message may contain keys, values and paths.
  throw new CollectionError(`collection failed: a callback threw ${errorKind(error)}`)
}
