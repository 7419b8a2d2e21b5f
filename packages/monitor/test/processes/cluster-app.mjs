// A service of several processes, for tests: a primary of node:cluster and its workers, or a parent that uses `fork`, each worker with a
// measured store. The test sends
// commands to the primary, which passes them on to a worker and answers when it is done.
import { fork } from 'node:child_process'
import cluster from 'node:cluster'
import { createServer } from 'node:http'
import { startMonitoring } from '@wombat/monitor'
import { MemoryLevel } from 'memory-level'

class FailingLevel extends MemoryLevel {
  async _get() {
    throw new Error('broken')
  }
}

const port = Number(process.env.TEST_PORT)
const isForking = process.env.TEST_FORK !== undefined
const kill = (worker) => (worker.process ?? worker).kill('SIGKILL')
const options = {
  prometheusEnabled: true,
  prometheusPort: port,
  jsonApiPort: port,
  logLevel: process.env.TEST_LOG_LEVEL ?? 'silent',
  metricsIntervalMs: 1000,
  healthCheckIntervalMs: 500,
  historyIntervalMs: 200,
  alertEvaluationIntervalMs: 200,
  alertRules: [
    { name: 'ManySets', severity: 'warning', metric: 'db_set_operations_total', condition: 'metric_above', threshold: 500 },
  ],
}

/** Does a number of puts, and waits as long as the group may take to learn of them if `settles` is set. */
async function runWorker() {
  const monitoring = await startMonitoring(options).catch((error) => {
    process.send({ failure: error.message })
    process.disconnect()
  })
  if (monitoring === undefined) return
  if (process.env.TEST_MOUNT !== undefined) createServer(monitoring.handler).listen(port + 1, '127.0.0.1')
  const store = monitoring.instrument(new MemoryLevel(), { name: 'orders' })
  process.on('message', async ({ command, count, ms }) => {
    if (command === 'put') for (let put = 0; put < count; put++) await store.put('a', '1')
    if (command === 'fail') {
      const failing = monitoring.instrument(new FailingLevel(), { name: 'failing' })
      globalThis.kept = failing
      await failing.get('a').catch(() => {})
    }
    if (command === 'block') for (const start = performance.now(); performance.now() - start < ms; );
    if (command === 'close') {
      await store.close()
      await monitoring.close()
      process.exit(0)
    }
    if (command === 'exit') process.exit(0)
    process.send({ done: command, addresses: monitoring.addresses, workers: monitoring.workers() })
  })
  process.send({ done: 'start' })
}

/** Passes each command on to its worker, and its answer back. */
async function runPrimary() {
  const monitoring = process.env.TEST_PRIMARY === 'monitored' ? await startMonitoring(options) : undefined
  const workers = new Map()
  const start = (name) => {
    const worker = isForking ? fork(new URL(import.meta.url), ['child']) : cluster.fork()
    workers.set(name, worker)
    worker.on('exit', () => process.connected && process.send({ name, exited: true }))
    worker.on('message', (message) => process.send({ name, ...message }))
  }
  process.on('message', async ({ name, command, ...rest }) => {
    if (command === 'start') start(name)
    else if (command === 'kill') kill(workers.get(name))
    else if (command === 'end') {
      for (const worker of workers.values()) kill(worker)
      await monitoring?.close()
      process.exit(0)
    } else workers.get(name).send({ command, ...rest })
  })
  process.on('disconnect', () => process.exit(0))
  process.send({ ready: true })
}

const isPrimary = isForking ? process.argv[2] !== 'child' : cluster.isPrimary
await (isPrimary ? runPrimary() : runWorker())
