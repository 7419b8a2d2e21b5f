// A service with worker threads, for tests. The main thread is monitored; each thread measures a store in one of the ways that exist.
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

if (isMainThread) {
  const { startMonitoring } = await import('@wombat/monitor')
  const monitoring = await startMonitoring({
    prometheusEnabled: true,
    prometheusPort: Number(process.env.TEST_PORT),
    jsonApiPort: Number(process.env.TEST_PORT),
    logLevel: process.env.TEST_LOG_LEVEL ?? 'silent',
    metricsIntervalMs: 1000,
    healthCheckIntervalMs: 500,
  })
  const threads = new Map()
  process.on('message', async ({ name, command, ...rest }) => {
    if (command === 'start') {
      const worker = new Worker(new URL(import.meta.url), { workerData: rest })
      threads.set(name, worker)
      worker.on('message', (message) => process.send({ name, ...message }))
      worker.on('exit', () => process.connected && process.send({ name, exited: true }))
    } else if (command === 'kill') await threads.get(name).terminate()
    else if (command === 'end') {
      await monitoring.close()
      process.exit(0)
    } else threads.get(name).postMessage({ command, ...rest })
  })
  process.on('disconnect', () => process.exit(0))
  process.send({ ready: true })
} else {
  const { MemoryLevel } = await import('memory-level')
  let monitoring
  let store
  if (workerData.way === 'code') {
    const { startMonitoring } = await import('@wombat/monitor')
    monitoring = await startMonitoring({ logLevel: 'silent' })
    store = monitoring.instrument(new MemoryLevel(), { name: 'orders' })
  } else {
    const { instrument } = await import('@wombat/instrumentation')
    store = instrument(new MemoryLevel(), { name: 'orders' })
  }
  parentPort.on('message', async ({ command, count, ms }) => {
    if (command === 'put') for (let put = 0; put < count; put++) await store.put('a', '1')
    if (command === 'block') for (const start = performance.now(); performance.now() - start < ms; );
    if (command === 'close') {
      await store.close()
      await monitoring?.close()
      process.exit(0)
    }
    if (command === 'exit') process.exit(0)
    parentPort.postMessage({ done: command })
  })
  parentPort.postMessage({ done: 'start' })
}
