import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { sharedRegistry } from '@wombat/instrumentation'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { expect, onTestFinished, test } from 'vitest'
import type { Monitoring } from '../monitoring.ts'
import { createMonitoring, startMonitoring } from '../start-monitoring.ts'
import { SnapshotReader } from './snapshot-reader.ts'

const quiet = () => ({ logger: collectingLogger(), jsonApiEnabled: false })

async function metricValue(monitoring: Monitoring, name: string): Promise<unknown> {
  onTestFinished(() => monitoring.close())
  const metric = (await monitoring.metrics()).find((metric) => metric.name === name)
  return metric !== undefined && 'value' in metric ? metric.value : undefined
}

test.each(['wombat_monitor_source_failures_total', 'wombat_monitor_overflowed_metrics'])('%s starts at 0', async (name) => {
  expect(await metricValue(await startMonitoring(quiet()), name)).toBe(0)
})

test('metrics that overflowed before monitoring started are still counted', async () => {
  const reader = new SnapshotReader()
  const meterProvider = new MeterProvider({ readers: [reader] })
  const registry = sharedRegistry(meterProvider)
  registry.cardinalityLimit = 2
  for (const store of ['a', 'b', 'c']) registry.incrementCounter('db_get_operations_total', 1, { store })
  const monitoring = await createMonitoring(reader, { ...quiet(), meterProvider })
  expect(await metricValue(monitoring, 'wombat_monitor_overflowed_metrics')).toBeGreaterThan(0)
})
