import { createRequire } from 'node:module'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { expect, onTestFinished, test } from 'vitest'
import { instrument } from '../instrument.ts'
import { activeSpan, diagnosticLogger, globalTracer } from './global-api.ts'
import { MetricsRegistry } from './registry.ts'

/** An older copy of the API, as an application on SDK 2 has it. */
const older: typeof import('@opentelemetry/api') = createRequire(import.meta.url)('api1.9')

test('what an older copy of the API has registered globally is used', async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const meterProvider = new MeterProvider({
    readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000 })],
  })
  const spans = new InMemorySpanExporter()
  const tracerProvider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: spans })] })
  const messages: string[] = []
  const log = (message: string): void => void messages.push(message)
  older.diag.setLogger({ error: log, warn: log, info: log, debug: log, verbose: log })
  older.metrics.setGlobalMeterProvider(meterProvider as never)
  older.trace.setGlobalTracerProvider(tracerProvider as never)
  older.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable() as never)
  onTestFinished(async () => {
    for (const api of [older.diag, older.metrics, older.trace, older.context]) api.disable()
    await meterProvider.shutdown()
  })

  const cache = instrument(new Map(), { name: 'cache' })
  cache.set('a', 1)
  await meterProvider.forceFlush()
  expect(JSON.stringify(exporter.getMetrics())).toContain('db_set_operations_total')

  const registry = new MetricsRegistry()
  registry.observer.tracer = globalTracer('test')
  const traced = instrument(new Map(), { name: 'traced', registry })
  older.trace.getTracer('app').startActiveSpan('request', (span) => {
    expect(activeSpan()?.spanContext()).toEqual(span.spanContext())
    traced.set('a', 1)
    span.end()
  })
  const [set, request] = spans.getFinishedSpans()
  expect([set?.name, set?.parentSpanContext?.spanId]).toEqual(['set traced', request?.spanContext().spanId])

  diagnosticLogger().warn('heard')
  expect(messages).toContain('heard')
})
