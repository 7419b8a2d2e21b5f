// The same by require.
const assert = require('node:assert/strict')
const { metrics } = require('@opentelemetry/api')
const { MeterProvider } = require('@opentelemetry/sdk-metrics')
const { instrument } = require('@wombat/instrumentation')
const { createMonitoring, SnapshotReader, startMonitoring } = require('@wombat/monitor')

async function run() {
  const reader = new SnapshotReader()
  const meterProvider = new MeterProvider({ readers: [reader] })
  metrics.setGlobalMeterProvider(meterProvider)
  const beside = await createMonitoring(reader, { jsonApiEnabled: false, logLevel: 'warn' })
  const cache = instrument(new Map(), { name: 'cache' })
  cache.set('a', 1)
  const all = await beside.metrics()
  assert.equal(all.find(({ name }) => name === 'db_set_operations_total')?.value, 1)
  await beside.close()
  const monitoring = await startMonitoring({ jsonApiEnabled: false, logLevel: 'warn' })
  await monitoring.close()
  console.log('ok')
}

run()
