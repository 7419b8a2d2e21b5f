import { startMonitoring } from '@wombat/monitor'
import { ClassicLevel } from 'classic-level'
import { MemoryLevel } from 'memory-level'

// Starts monitoring where the platform or Node's permission model refuses something. Writes its report as JSON, and ends.
const [folder, options = '{}'] = process.argv.slice(2)
const lines: string[] = []
const log = (fields: object, message: string): void => void lines.push(`${message} ${JSON.stringify(fields)}`)
const monitoring = await startMonitoring({
  logger: { debug() {}, info() {}, warn: log, error: log },
  metricsIntervalMs: 100,
  healthCheckIntervalMs: 200,
  ...(JSON.parse(options) as object),
})
await monitoring.instrument(new MemoryLevel(), { name: 'cache' }).put('a', '1')
const hasFolder = folder !== undefined && folder !== ''
if (hasFolder) await monitoring.instrument(new ClassicLevel(folder), { name: 'orders' }).put('a', '1')
const minChecks = hasFolder ? 7 : 5
const isComplete = (): boolean => monitoring.health().phase === 'running' && monitoring.health().checks.length >= minChecks
for (let attempt = 0; attempt < 100 && !isComplete(); attempt++) await new Promise((resolve) => setTimeout(resolve, 50))
// Further rounds, which log nothing again.
await monitoring.healthMonitor.runHealthChecks()
await monitoring.healthMonitor.runHealthChecks()
const { status, checks } = monitoring.health()
const readiness = await monitoring.fetch(new Request('http://localhost/readyz'))
const memory = (await monitoring.metrics()).filter(({ name }) => name.startsWith('wombat_process_')).map(({ name }) => name)
const report = { status, checks, readiness: readiness.status, lines, memory, addresses: monitoring.addresses }
process.stdout.write(`${JSON.stringify(report)}\n`)
await monitoring.close()
