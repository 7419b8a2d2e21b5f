// The preload of an application: OpenTelemetry with our instrumentation.
import { NodeSDK } from '@opentelemetry/sdk-node'
import { hookImports, WombatInstrumentation } from '@wombat/instrumentation/auto'
import { SnapshotReader } from '@wombat/monitor'

hookImports()
const reader = new SnapshotReader()
const sdk = new NodeSDK({ metricReaders: [reader], instrumentations: [new WombatInstrumentation()] })
sdk.start()

process.once('beforeExit', async () => {
  const { points } = await reader.take()
  const sets = points.filter(({ metric }) => metric === 'db_set_operations_total')
  console.log(JSON.stringify(Object.fromEntries(sets.map(({ attributes, value }) => [attributes.store, value]))))
  await sdk.shutdown()
})
