import { createRequire } from 'node:module'
import { join } from 'node:path'
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

/** An older copy of the API, as an application on SDK 2 has it. Its exports would lead Vitest to the build for bundlers. */
const path = join(import.meta.dirname, '../../node_modules/api1.9/build/src/index.js')
const older: typeof import('@opentelemetry/api') = createRequire(import.meta.url)(path)

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
  const request = older.trace.getTracer('app').startSpan('request')
  older.context.with(older.trace.setSpan(older.context.active(), request), () => {
    expect(activeSpan()?.spanContext()).toEqual(request.spanContext())
    traced.set('a', 1)
  })
  expect(spans.getFinishedSpans().map(({ name }) => name)).toEqual(['set traced'])

  diagnosticLogger()?.warn('heard')
  expect(messages).toContain('heard')
})
