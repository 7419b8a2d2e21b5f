// An application that finds its stores with WombatInstrumentation, at both ends of the range of @opentelemetry/instrumentation.
import assert from 'node:assert/strict'
import { metrics } from '@opentelemetry/api'
import { registerInstrumentations } from '@opentelemetry/instrumentation'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { hookImports, WombatInstrumentation } from '@wombat/instrumentation/auto'

hookImports()
registerInstrumentations({ instrumentations: [new WombatInstrumentation()] })
const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
const meterProvider = new MeterProvider({
  readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000 })],
})
metrics.setGlobalMeterProvider(meterProvider)

const { MemoryLevel } = await import('memory-level')
const store = new MemoryLevel()
await store.put('a', '1')
await meterProvider.forceFlush()
assert.ok(JSON.stringify(exporter.getMetrics()).includes('db_set_operations_total'), 'the store was not found')
console.log('ok')
