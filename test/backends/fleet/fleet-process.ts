// One process that is fifty: each with its own registry, resource and exporter, all sending OTLP to one address. It ends with its parent.
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { randomFrom } from '@wombat/test-support/random'
import { createResource } from '../../../packages/monitor/src/collection/resource.ts'
import { otlpReader } from '../../../packages/monitor/src/exporters/otlp.ts'
import { demoShape } from './demo-shape.ts'
import { members } from './fault.ts'
import { intervalSeconds } from './panel-request.ts'
import { SimulatedInstance } from './simulated-instance.ts'

const stepSeconds = 1
const exportEveryMs = intervalSeconds * 1000
/** No test takes as long, so a process that is still there was forgotten. */
const mostMs = 180_000

const bye = () => process.exit()
process.on('SIGTERM', bye)
process.on('disconnect', bye)
setTimeout(bye, mostMs).unref()

const said = new Set<string>()
const warn = (fields: object, message: string) => {
  const line = `${message} ${JSON.stringify(fields)}`
  if (!said.has(line)) console.error(line)
  said.add(line)
}
const logger = { debug: () => {}, info: () => {}, warn, error: warn }

const url = process.argv[2] ?? ''
const shapes = await demoShape('any')
const instances = members.map((member, index) => new SimulatedInstance(member, shapes, randomFrom(index + 1)))
const live = () => {
  for (const instance of instances) instance.live(stepSeconds)
}
live()
setInterval(live, stepSeconds * 1000)

for (const [index, { registry }] of instances.entries()) {
  const reader = otlpReader(
    registry,
    {
      url,
      protocol: 'http/protobuf',
      intervalMs: exportEveryMs,
      timeoutMs: exportEveryMs,
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
  // Not all at once: fifty processes do not beat in time either.
  setTimeout(() => new MeterProvider({ resource, readers: [reader] }), (index * exportEveryMs) / instances.length)
}

const counts = instances.map(({ seriesCount }) => seriesCount)
// What the parent hears once all fifty live.
process.send?.({ members, series: counts.reduce((sum, count) => sum + count, 0), perInstance: Math.max(...counts) })
