// Simulates fifty instances in one process, each with its own registry, resource and exporter, all sending OTLP to one URL. It ends
// with its parent.
import { DiagConsoleLogger, DiagLogLevel, diag } from '@opentelemetry/api'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { RegistryProducer } from '@wombat/monitor'
import { randomFrom } from '@wombat/test-support/random'
import { demoShape } from './demo-shape.ts'
import { members } from './fault.ts'
import { intervalSeconds } from './panel-request.ts'
import { SimulatedInstance } from './simulated-instance.ts'

const stepSeconds = 1
const exportIntervalMs = intervalSeconds * 1000
/** Longer than the test: ends a process that its parent left behind. */
const timeLimitMs = 180_000

const exit = () => process.exit()
process.on('SIGTERM', exit)
process.on('disconnect', exit)
setTimeout(exit, timeLimitMs).unref()

// An export that fails is logged on standard error.
diag.setLogger(new DiagConsoleLogger(), DiagLogLevel.WARN)

const url = process.argv[2] ?? ''
const shapes = await demoShape('any')
const instances = members.map((member, index) => new SimulatedInstance(member, shapes, randomFrom(index + 1)))
const advance = () => {
  for (const instance of instances) instance.advance(stepSeconds)
}
advance()
setInterval(advance, stepSeconds * 1000)

for (const [index, { registry }] of instances.entries()) {
  const reader = new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter({ url, timeoutMillis: exportIntervalMs }),
    exportIntervalMillis: exportIntervalMs,
    exportTimeoutMillis: exportIntervalMs,
    metricProducers: [new RegistryProducer(registry)],
  })
  const attributes = {
    'service.name': 'fleet',
    'service.instance.id': members[index]?.instance ?? '',
    'host.name': `host-${index % 10}`,
  }
  const resource = defaultResource().merge(resourceFromAttributes(attributes))
  // Spreads the exports over the interval, as those of fifty processes are.
  setTimeout(() => new MeterProvider({ resource, readers: [reader] }), (index * exportIntervalMs) / instances.length)
}

const counts = instances.map(({ seriesCount }) => seriesCount)
// Notifies the parent that all instances have started.
process.send?.({ members, series: counts.reduce((sum, count) => sum + count, 0), perInstance: Math.max(...counts) })
