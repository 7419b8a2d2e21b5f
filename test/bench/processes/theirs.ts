import cluster from 'node:cluster'
import { createServer } from 'node:http'
import { AggregatorRegistry, Counter, Histogram } from '@prometheus-io/client'
import { bounds, keepRecording, type Load, watchLongestBlock } from './load.ts'

// The same service with the aggregator of @prometheus-io/client.
const [port, counters, histograms, workers] = process.argv.slice(2).map(Number) as [number, number, number, number]
const load: Load = { counters, histograms }

if (cluster.isPrimary) {
  const aggregator = new AggregatorRegistry()
  const server = createServer(async (_request, response) => {
    try {
      response.end(await aggregator.clusterMetrics())
    } catch (error) {
      response.writeHead(500).end(String(error))
    }
  })
  server.listen(port, '127.0.0.1')
  const report = watchLongestBlock()
  process.on('message', () => process.send?.(report()))
  let ready = 0
  cluster.on('message', (_worker, message) => {
    if (message === 'ready' && ++ready === workers) process.send?.('ready')
  })
  for (let started = 0; started < workers; started++) cluster.fork()
} else {
  new AggregatorRegistry()
  const jobs = new Counter({ name: 'app_jobs_total', help: 'Jobs.', labelNames: ['queue'] })
  const durations = new Histogram({
    name: 'app_job_seconds',
    help: 'Duration of a job.',
    labelNames: ['queue'],
    buckets: [...bounds],
  })
  for (let index = 0; index < load.counters; index++) jobs.inc({ queue: `queue-${index}` })
  for (let index = 0; index < load.histograms; index++) durations.observe({ queue: `queue-${index}` }, 0.003)
  keepRecording(load.counters, (index) => jobs.inc({ queue: `queue-${index}` }))
  keepRecording(load.histograms, (index) => durations.observe({ queue: `queue-${index}` }, ((index % 50) + 1) / 1000))
  process.send?.('ready')
}
