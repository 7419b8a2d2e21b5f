import type { MetricsRegistry, Semconv } from '@wombat/instrumentation'
import { errorKind } from '@wombat/instrumentation/internal'
import { Hono } from 'hono'
import type { Reader } from '../../collection/registry-reader.ts'
import type { Snapshot } from '../../collection/snapshot.ts'
import { derivedNumbers } from '../../exporters/derived.ts'
import { eachJsonMetric } from '../../exporters/json.ts'
import { negotiateFormat, prefersGzip } from '../../exporters/prometheus/exposition-format.ts'
import type { RecentHistograms } from '../../exporters/recent-histograms.ts'
import { errorMessage } from '../../validation/error-message.ts'
import { answerSlices, clientGone, jsonAnswer, jsonList } from '../json-answer.ts'
import { CollectionError, PrometheusPages, type PrometheusPagesOptions } from '../prometheus-pages.ts'
import type { PageReader } from '../shared-page.ts'

/**
 * Creates `GET /metrics`: 200 with the page for Prometheus in the format that the client prefers, or 503 with the reason if there is none.
 */
export function prometheusRoutes(reader: Reader, registry: MetricsRegistry, options: PrometheusPagesOptions): Hono {
  const pages = new PrometheusPages(reader, registry, options)
  return new Hono().get('/metrics', async (context) => {
    const { req } = context
    const { name, contentType } = negotiateFormat(req.header('accept'))
    // The middleware must not compress what is not compressed here: see `PrometheusPages`.
    const headers = { 'content-type': contentType, vary: 'Accept, Accept-Encoding', 'cache-control': 'no-transform' }
    if (req.method === 'HEAD') return context.body(null, 200, headers)
    const client = pages.open(name, prefersGzip(req.header('accept-encoding')))
    if (client === undefined) return context.text('too many clients wait for this page: try again\n', 503, { 'retry-after': '1' })
    const { signal } = req.raw
    signal.addEventListener('abort', () => client.parts.close('gone'), { once: true })
    try {
      const first = (await client.parts.next()) ?? new Uint8Array()
      const second = await client.parts.next()
      if (client.isCompressed) context.header('content-encoding', 'gzip')
      const body = second === undefined ? new Uint8Array(first) : createBody([first, second], client.parts)
      return context.body(body, 200, headers)
    } catch (error) {
      client.parts.close()
      if (error instanceof CollectionError) return context.text(`${error.message}\n`, 503, { 'retry-after': '1' })
      if (signal.aborted) return clientGone(context)
      throw error
    }
  })
}

/** Returns the body of a page: its parts are read as fast as the client takes them. */
function createBody(read: Uint8Array[], parts: PageReader): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    start(controller) {
      parts.onDropped((error) => controller.error(error))
    },
    async pull(controller) {
      const part = read.shift() ?? (await parts.next())
      if (part === undefined) controller.close()
      else controller.enqueue(part)
    },
    cancel() {
      parts.close('gone')
    },
  })
}

/** Creates `GET /api/v1/metrics`: 200 with all metrics and derived ratios, or 503 with the reason if the collection failed. */
export function jsonRoutes(reader: Reader, registry: MetricsRegistry, recent: RecentHistograms): Hono {
  const { semconv } = registry
  return new Hono().get('/api/v1/metrics', async (context) => {
    const collection = await collect(reader)
    if ('reason' in collection) return context.json({ error: collection.reason }, 503, { 'retry-after': '1' })
    return jsonAnswer(context, metricsJson(collection.snapshot, semconv, recent), answerSlices(context, registry))
  })
}

function* metricsJson(snapshot: Snapshot, semconv: Semconv, recent: RecentHistograms): Generator<string> {
  yield '{"metrics":'
  yield* jsonList(eachJsonMetric(snapshot, semconv, recent))
  yield ',"derived":'
  yield* jsonList(derivedNumbers(snapshot))
  yield '}'
}

/** Returns a complete snapshot, or why there is none. Missing points would look like a store that stopped. */
async function collect(reader: Reader): Promise<{ snapshot: Snapshot } | { reason: string }> {
  try {
    const snapshot = await reader.take()
    const [error] = snapshot.errors
    // The error comes from a callback of the application, and its message may contain keys, values and paths.
    return error === undefined ? { snapshot } : { reason: `collection failed: a callback threw ${errorKind(error)}` }
  } catch (error) {
    return { reason: `collection failed: ${errorMessage(error)}` }
  }
}
