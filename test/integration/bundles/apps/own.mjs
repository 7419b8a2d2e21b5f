// The instrumentation is a part of the bundle, and starts after the modules of the stores.
import { metrics } from '@opentelemetry/api'
import { InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { instrument } from '@wombat/instrumentation'
import { WombatInstrumentation } from '@wombat/instrumentation/auto'
import Keyv from 'keyv'

const exporter = new InMemoryMetricExporter(1)
const provider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })] })
metrics.setGlobalMeterProvider(provider)
new WombatInstrumentation({ name: () => 'found' })

async function main() {
  await new Keyv().set('a', '1')
  instrument(new Map(), { name: 'named' }).set('a', 1)
  await provider.forceFlush()
  const found = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics))
  const points = found.find(({ descriptor }) => descriptor.name === 'db_set_operations_total')?.dataPoints ?? []
  console.log(JSON.stringify(Object.fromEntries(points.map(({ attributes, value }) => [attributes.store, value]))))
}

main()
