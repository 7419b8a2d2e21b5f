import cluster from 'node:cluster'
import { startMonitoring } from '@wombat/monitor'
import { keepRecording, type Load, watchLongestBlock } from './load.ts'

// A service of the benchmark: a primary that collects, and workers with many series.
const [port, counters, histograms, workers] = process.argv.slice(2).map(Number) as [number, number, number, number]
const load: Load = { counters, histograms }
const monitoring = await startMonitoring({
  prometheusEnabled: true,
  prometheusPort: port,
  jsonApiEnabled: false,
  enableHealthChecks: false,
  enableAlerts: false,
  logLevel: 'warn',
  cardinalityLimit: 1_000_000,
  historyMemoryBytes: 2 ** 20,
  historyIntervalMs: 60_000,
})

if (cluster.isPrimary) {
  const report = watchLongestBlock()
  process.on('message', () => process.send?.(report()))
  let ready = 0
  cluster.on('message', () => {
    if (++ready === workers) process.send?.('ready')
  })
  for (let started = 0; started < workers; started++) cluster.fork()
} else {
  const { registry } = monitoring
  registry.declare({ name: 'app_jobs_total', kind: 'counter', unit: '{job}', description: 'Jobs.', attributes: ['queue'] })
  registry.declare({
    name: 'app_job_seconds',
    kind: 'histogram',
    unit: 's',
    description: 'Duration of a job.',
    attributes: ['queue'],
  })
  const jobs = Array.from({ length: load.counters }, (_, index) =>
    registry.counter('app_jobs_total', { queue: `queue-${index}` }),
  )
  const durations = Array.from({ length: load.histograms }, (_, index) =>
    registry.histogram('app_job_seconds', { queue: `queue-${index}` }),
  )
  for (const job of jobs) job.add()
  for (const duration of durations) duration.record(0.003)
  keepRecording(jobs.length, (index) => jobs[index]?.add())
  keepRecording(durations.length, (index) => durations[index]?.record(((index % 50) + 1) / 1000))
  process.send?.('ready')
}
