// Simulates fifty instances in one process, each with its own registry, resource and exporter, all sending OTLP to one URL. It ends
// with its parent.
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { randomFrom } from '@wombat/test-support/random'
import { createResource } from '../../../packages/monitor/src/collection/resource.ts'
import { otlpReader } from '../../../packages/monitor/src/exporters/otlp.ts'
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

const logged = new Set<string>()
const warn = (fields: object, message: string) => {
  const line = `${message} ${JSON.stringify(fields)}`
  if (!logged.has(line)) console.error(line)
  logged.add(line)
}
const logger = { debug: () => {}, info: () => {}, warn, error: warn }

const url = process.argv[2] ?? ''
const shapes = await demoShape('any')
const instances = members.map((member, index) => new SimulatedInstance(member, shapes, randomFrom(index + 1)))
const advance = () => {
  for (const instance of instances) instance.advance(stepSeconds)
}
advance()
setInterval(advance, stepSeconds * 1000)

for (const [index, { registry }] of instances.entries()) {
  const reader = otlpReader(
    registry,
    {
      url,
      protocol: 'http/protobuf',
      intervalMs: exportIntervalMs,
      timeoutMs: exportIntervalMs,
      temporality: 'cumulative',
      histograms: 'explicit',
    },
    logger,
  )
  const resource = createResource({
    'service.name': 'fleet',
    'service.instance.id': members[index]?.instance ?? '',
    'host.name': `host-${index % 10}`,
  })
  // Spreads the exports over the interval, as those of fifty processes are.
  setTimeout(() => new MeterProvider({ resource, readers: [reader] }), (index * exportIntervalMs) / instances.length)
}

const counts = instances.map(({ seriesCount }) => seriesCount)
// Tells the parent that all instances have started.
process.send?.({ members, series: counts.reduce((sum, count) => sum + count, 0), perInstance: Math.max(...counts) })
