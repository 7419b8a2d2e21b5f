import { areInstalled } from '@wombat/test-support/backend-programs'
import { otlpResource, otlpValue } from '@wombat/test-support/otlp-json'
import { startOtlpReceiver } from '@wombat/test-support/otlp-receiver'
import { describe, expect, test } from 'vitest'
import { startExampleCollector } from './example-collector.ts'
import { startExample } from './running-example.ts'

interface OtlpSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly attributes: ReadonlyArray<{
    readonly key: string
    readonly value: { readonly stringValue?: string; readonly intValue?: string }
  }>
}

interface OtlpSpans {
  readonly resourceSpans: ReadonlyArray<{ readonly scopeSpans: ReadonlyArray<{ readonly spans: readonly OtlpSpan[] }> }>
}

function otlpSpans(body: Buffer): OtlpSpan[] {
  const { resourceSpans } = JSON.parse(body.toString()) as OtlpSpans
  return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
}

describe.skipIf(!areInstalled('otelcol'))('a NodeSDK with a real Collector', () => {
  test('exports the metrics of the store, and spans of its operations below those of the application', async () => {
    const receiver = await startOtlpReceiver()
    const collector = await startExampleCollector('node-sdk/collector.yaml', receiver.endpoint, ['metrics', 'traces'])
    const application = await startExample(['node-sdk/dist/main.js'], { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint })
    expect(await application.ended, application.output()).toBe(0)
    // It hands on what it still holds.
    await collector.stop()

    const sent = (path: string) => receiver.received.filter((one) => one.path === path).map(({ body }) => body)
    const metrics = sent('/v1/metrics').at(-1)
    if (metrics === undefined) throw new Error('no metrics came')
    expect(otlpResource(metrics)).toMatchObject({ 'service.name': 'orders' })
    const counted = (operation: string) => otlpValue(metrics, `db_${operation}_operations_total`, { store: 'orders' })
    expect(['set', 'batch', 'get'].map(counted)).toEqual([20, 20, 20])

    const spans = sent('/v1/traces').flatMap(otlpSpans)
    const placed = spans.filter(({ name }) => name === 'place order')
    expect(placed).toHaveLength(20)
    const below = ({ traceId, spanId }: OtlpSpan) =>
      spans.filter((span) => span.traceId === traceId && span.parentSpanId === spanId).map(({ name }) => name)
    expect(placed.map(below)).toEqual(placed.map(() => ['set orders', 'batch orders', 'get orders']))
    const [batch] = spans.filter(({ name }) => name === 'batch orders')
    const said = batch?.attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue])
    expect(Object.fromEntries(said ?? [])).toEqual({
      'db.system.name': 'leveldb',
      'db.namespace': 'orders',
      'db.operation.name': 'batch',
      'db.operation.batch.size': '2',
    })
  })
})
