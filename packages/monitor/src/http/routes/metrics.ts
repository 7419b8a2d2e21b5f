import type { MetricsRegistry, Semconv } from '@wombat/instrumentation'
import { errorKind } from '@wombat/instrumentation/internal'
import { Hono } from 'hono'
import { DroppedPointsLog } from '../../collection/prometheus-metrics.ts'
import type { Reader } from '../../collection/registry-reader.ts'
import { trackSelfTime } from '../../collection/self-metrics.ts'
import type { Snapshot } from '../../collection/snapshot.ts'
import { derivedNumbers } from '../../exporters/derived.ts'
import { eachJsonMetric } from '../../exporters/json.ts'
import type { RecentHistograms } from '../../exporters/recent-histograms.ts'
import { errorMessage } from '../../validation/error-message.ts'
import { answerSlices, jsonAnswer, jsonList } from '../json-answer.ts'

/** Creates `GET /metrics`: 200 with Prometheus text, or 503 with the reason if the collection failed. */
export function prometheusRoutes(reader: Reader, registry: MetricsRegistry): Hono {
  const { semconv } = registry
  const droppedPoints = new DroppedPointsLog(registry, 'prometheus')
  return new Hono().get('/metrics', async (context) => {
    const collection = await collect(reader)
    if ('reason' in collection) return context.text(`${collection.reason}\n`, 503)
    await reader.prepareResource?.()
    droppedPoints.add(collection.snapshot.prometheus.dropped)
    // Loaded at the first scrape: it needs OpenTelemetry's exporter, and the health endpoints do not.
    const { prometheusContentType, prometheusText } = await import('../../exporters/prometheus.ts')
    const text = trackSelfTime(registry, 'serving', () => prometheusText(collection.snapshot, semconv))
    return context.body(text, 200, { 'content-type': prometheusContentType })
  })
}

/** Creates `GET /api/v1/metrics`: 200 with all metrics and derived ratios, or 503 with the reason if the collection failed. */
export function jsonRoutes(reader: Reader, registry: MetricsRegistry, recent: RecentHistograms): Hono {
  const { semconv } = registry
  return new Hono().get('/api/v1/metrics', async (context) => {
    const collection = await collect(reader)
    if ('reason' in collection) return context.json({ error: collection.reason }, 503)
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
