// An application with its own OpenTelemetry: its metrics and Wombat's come from one MeterProvider, and spans from its TracerProvider.
import assert from 'node:assert/strict'
import { context, metrics, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { instrument } from '@wombat/instrumentation'
import { createMonitoring, RegistryProducer, SnapshotReader, startMonitoring } from '@wombat/monitor'
import { MemoryLevel } from 'memory-level'

const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
const reader = new SnapshotReader()
const meterProvider = new MeterProvider({
  readers: [reader, new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000 })],
})
metrics.setGlobalMeterProvider(meterProvider)
meterProvider.getMeter('app').createCounter('app.requests').add(3)
// SDK 3 has another name for the package and the class.
const tracing = await import('@opentelemetry/sdk-trace').catch(() => import('@opentelemetry/sdk-trace-base'))
const TracerProvider = tracing.TracerProvider ?? tracing.BasicTracerProvider
const spans = new tracing.InMemorySpanExporter()
const processor = new tracing.SimpleSpanProcessor(tracing.TracerProvider === undefined ? spans : { exporter: spans })
trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [processor] }))
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())

// 1. instrument() alone exports through the application's global MeterProvider.
const store = instrument(new MemoryLevel(), { name: 'alone' })
await store.put('a', '1')
await meterProvider.forceFlush()
const exported = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics))
const names = new Set(exported.map(({ descriptor }) => descriptor.name))
assert.ok(names.has('app.requests') && names.has('db_set_operations_total'), `exported: ${[...names]}`)

// 2. A SnapshotReader in the application's MeterProvider: everything is on one page.
const beside = await createMonitoring(reader, {
  meterProvider,
  jsonApiPort: 0,
  prometheusEnabled: true,
  prometheusPort: 0,
  logLevel: 'warn',
})
const cache = beside.instrument(new Map(), { name: 'cache' })
cache.set('a', 1)
const page = await (await fetch(`${beside.addresses.prometheus}/metrics`)).text()
assert.match(page, /^app_requests_total 3$/m)
assert.match(page, /^db_set_operations_total\{store="cache"\} 1$/m)
assert.equal(beside.registry.semconv, 'wombat')

// 3. A RegistryProducer in a reader of the application's SDK.
const producing = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
const producerProvider = new MeterProvider({
  readers: [
    new PeriodicExportingMetricReader({
      exporter: producing,
      exportIntervalMillis: 60_000,
      metricProducers: [new RegistryProducer(beside.registry)],
    }),
  ],
})
await producerProvider.forceFlush()
assert.ok(JSON.stringify(producing.getMetrics()).includes('db_set_latency_seconds'))
await beside.close()

// 4. Monitoring of its own, with spans through the application's global TracerProvider.
const monitoring = await startMonitoring({ jsonApiEnabled: false, enableOperationTracing: true, logLevel: 'warn' })
const traced = monitoring.instrument(new MemoryLevel(), { name: 'traced' })
await trace.getTracer('app').startActiveSpan('request', async (span) => {
  await traced.put('a', '1')
  span.end()
})
const [put] = spans.getFinishedSpans().filter(({ name }) => name === 'set traced')
const [request] = spans.getFinishedSpans().filter(({ name }) => name === 'request')
assert.ok(put, 'the operation has no span')
assert.equal(put.spanContext().traceId, request.spanContext().traceId, 'the span of the operation has no parent')
await monitoring.close()
console.log('ok')
