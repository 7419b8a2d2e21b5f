import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { startMonitoring } from '@wombat/monitor'
import { areInstalled } from '@wombat/test-support/backend-programs'
import { collectorOtlpUrl, startCollector } from '@wombat/test-support/collector'
import { freePort } from '@wombat/test-support/free-port'
import { startOtlpReceiver } from '@wombat/test-support/otlp-receiver'
import { expect, onTestFinished, test } from 'vitest'

interface ForwardedPoint {
  readonly exemplars?: ReadonlyArray<{ readonly traceId: string; readonly spanId: string; readonly asDouble: number }>
  readonly zeroThreshold?: number
}

interface ForwardedPoints {
  readonly dataPoints: readonly ForwardedPoint[]
}

interface ForwardedMetric {
  readonly name: string
  readonly histogram?: ForwardedPoints
  readonly exponentialHistogram?: ForwardedPoints
}

interface Forwarded {
  readonly resourceMetrics: ReadonlyArray<{
    readonly scopeMetrics: ReadonlyArray<{ readonly metrics: readonly ForwardedMetric[] }>
  }>
}

const protocols = ['http/protobuf', 'http/json'] as const
const histograms = ['explicit', 'exponential'] as const

test.skipIf(!areInstalled('otelcol')).each(protocols.flatMap((protocol) => histograms.map((kind) => [kind, protocol] as const)))(
  'a Collector reads the exemplars of %s histograms from %s',
  { timeout: 60_000 },
  async (kind, protocol) => {
    // The Collector writes what it has read itself, as JSON.
    const receiver = await startOtlpReceiver()
    const port = await freePort()
    await startCollector(port, receiver.url, 'json')
    const monitoring = await startMonitoring({
      logger: { debug() {}, info() {}, warn() {}, error() {} },
      jsonApiEnabled: false,
      otlp: { url: collectorOtlpUrl(port), protocol, histograms: kind, intervalMs: 200 },
    })
    onTestFinished(() => monitoring.close())
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
    onTestFinished(() => {
      context.disable()
    })
    const store = monitoring.instrument(new Map<string, string>(), { name: 'sessions' })
    const request = new TracerProvider().getTracer('service').startSpan('POST /sessions')
    context.with(trace.setSpan(context.active(), request), () => store.set('a', '1'))

    const readPoints = (): readonly ForwardedPoint[] =>
      receiver.received
        .map(({ body }) => JSON.parse(body.toString()) as Forwarded)
        .flatMap(({ resourceMetrics }) => resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics))
        .flatMap(({ metrics }) => metrics)
        .filter(({ name }) => name === 'db_set_latency_seconds')
        .flatMap((metric) => (kind === 'explicit' ? metric.histogram : metric.exponentialHistogram)?.dataPoints ?? [])
    await expect
      .poll(() => readPoints().flatMap(({ exemplars = [] }) => exemplars).length, { timeout: 30_000 })
      .toBeGreaterThan(0)
    const { traceId, spanId } = request.spanContext()
    const [exemplar] = readPoints().flatMap(({ exemplars = [] }) => exemplars)
    expect(exemplar).toMatchObject({ traceId, spanId })
    expect(exemplar?.asDouble).toBeGreaterThan(0)
    if (kind === 'exponential') expect(readPoints().at(-1)?.zeroThreshold).toBe(2 ** -27)
  },
)
