// Starts processes with the same environment, and sends the `service.instance.id` of each of them.
import { fork } from 'node:child_process'
import cluster from 'node:cluster'
import { startMonitoring } from '@wombat/monitor'

const [way] = process.argv.slice(2)

async function instanceId() {
  const monitoring = await startMonitoring({
    jsonApiEnabled: false,
    enableHealthChecks: false,
    logLevel: 'silent',
    processGroup: 'off',
  })
  const { resourceMetrics } = await monitoring.snapshot()
  await monitoring.close()
  return resourceMetrics.resource.attributes['service.instance.id']
}

if (way === 'alone') process.stdout.write(`${await instanceId()}\n`)
else if (way === 'child' || cluster.isWorker) {
  process.send(await instanceId())
  process.disconnect()
} else {
  cluster.setupPrimary({ args: ['child'] })
  const start = () => (way === 'cluster' ? cluster.fork() : fork(new URL(import.meta.url), ['child']))
  const ids = await Promise.all([1, 2, 3].map(() => new Promise((resolve) => start().once('message', resolve))))
  process.send(ids)
  process.disconnect()
}
