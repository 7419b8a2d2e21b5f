// A service with a few monitored stores, which runs until its parent ends. Its argument is `{ stores, config }` as JSON.
import { type MonitoringConfig, startMonitoring } from '@wombat/monitor'
import { MemoryLevel } from 'memory-level'

/** Longer than every test: ends a process that its parent left behind. */
const mostMs = 180_000
setTimeout(() => process.exit(), mostMs)
process.on('disconnect', () => process.exit())

const { stores, config } = JSON.parse(process.argv[2] ?? '{}') as { readonly stores: number; readonly config: MonitoringConfig }
const logger = { debug() {}, info() {}, warn() {}, error() {} }
const monitoring = await startMonitoring({ logger, prometheusEnabled: true, prometheusPort: 0, jsonApiPort: 0, ...config })
for (let store = 0; store < stores; store++) {
  await monitoring.instrument(new MemoryLevel(), { name: `store${store}` }).put('a', '1')
}
process.on('message', () => process.send?.({ memoryBytes: process.memoryUsage().rss }))
process.send?.(monitoring.addresses)
