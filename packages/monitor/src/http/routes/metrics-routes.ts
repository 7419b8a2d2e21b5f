import type { MetricsRegistry } from '@wombat/instrumentation'
import { errorKind } from '@wombat/instrumentation/internal'
import { Hono } from 'hono'
import { trackSelfTime } from '../../collection/self-metrics.ts'
import type { Snapshot } from '../../collection/snapshot.ts'
import type { SnapshotReader } from '../../collection/snapshot-reader.ts'
import { derivedNumbers } from '../../exporters/derived.ts'
import { jsonMetrics } from '../../exporters/json.ts'
import { prometheusContentType, prometheusText } from '../../exporters/prometheus.ts'

/** `GET /metrics`: 200 with Prometheus' text, or 503 with the reason where the collection failed. */
export function prometheusRoutes(reader: SnapshotReader, registry: MetricsRegistry): Hono {
  const { semconv } = registry
  return new Hono().get('/metrics', async (context) => {
    const taken = await takeOrReason(reader)
    if ('reason' in taken) return context.text(`${taken.reason}\n`, 503)
    const text = trackSelfTime(registry, 'serving', () => prometheusText(taken.snapshot, semconv))
    return context.body(text, 200, { 'content-type': prometheusContentType })
  })
}

/** `GET /api/v1/metrics`: 200 with all metrics and beside them what follows from them, or 503 with the reason where the collection failed. */
export function jsonRoutes(reader: SnapshotReader, registry: MetricsRegistry): Hono {
  const { semconv } = registry
  return new Hono().get('/api/v1/metrics', async (context) => {
    const taken = await takeOrReason(reader)
    if ('reason' in taken) return context.json({ error: taken.reason }, 503)
    return trackSelfTime(registry, 'serving', () =>
      context.json({ metrics: jsonMetrics(taken.snapshot, semconv), derived: derivedNumbers(taken.snapshot) }),
    )
  })
}

/** Half a collection is none: its missing points would look like a store that stopped. */
async function takeOrReason(reader: SnapshotReader): Promise<{ snapshot: Snapshot } | { reason: string }> {
  try {
    const snapshot = await reader.take()
    const [error] = snapshot.errors
    // Of a callback that is the application's: what it threw may hold keys, values and paths.
    return error === undefined ? { snapshot } : { reason: `collection failed: a callback threw ${errorKind(error)}` }
  } catch (error) {
    return { reason: `collection failed: ${error instanceof Error ? error.message : String(error)}` }
  }
}
