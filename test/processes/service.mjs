// A service of four processes or threads under load, for soak.ts: node service.mjs cluster|fork|threads FOLDER PORT, or this file with PM2.
// Each of them writes how many puts it has done to a file of its own, so that the test can count without the metrics. A process or
// thread that ends is started again.
import { fork } from 'node:child_process'
import cluster from 'node:cluster'
import { existsSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { isMainThread, parentPort, threadId, Worker } from 'node:worker_threads'
import { startMonitoring } from '@wombat/monitor'
import { MemoryLevel } from 'memory-level'

const [kind, folder, port] = process.env.SOAK?.split(' ') ?? process.argv.slice(2)
const size = 4
const options = {
  prometheusEnabled: true,
  prometheusPort: Number(port),
  jsonApiPort: Number(port),
  logLevel: process.env.SOAK_LOG_LEVEL ?? 'error',
  ...(kind !== 'cluster' && kind !== 'threads' && { processGroup: folder }),
}

/** Puts ten entries every five milliseconds, until the file `stop` exists. */
async function work(monitoring) {
  const store = monitoring.instrument(new MemoryLevel(), { name: 'orders' })
  const file = openSync(join(folder, `count-${process.pid}-${threadId}-${Date.now()}`), 'w')
  let done = 0
  let isStopped = false
  const run = async () => {
    if (isStopped || existsSync(join(folder, 'stop'))) return
    for (let put = 0; put < 10; put++) {
      await store.put('a', '1')
      done++
    }
    writeSync(file, String(done).padStart(12), 0)
    setTimeout(run, 5)
  }
  await run()
  return async () => {
    isStopped = true
    await store.close()
    await monitoring.close()
    writeSync(file, String(done).padStart(12), 0)
  }
}

async function runProcess() {
  const close = await work(await startMonitoring(options))
  process.once('SIGTERM', async () => {
    await close()
    process.exit(0)
  })
  setInterval(() => {}, 60_000)
}

async function runThread() {
  const close = await work(await startMonitoring({ logLevel: 'error' }))
  parentPort.on('message', async (how) => {
    if (how === 'close') await close()
    process.exit(0)
  })
}

/** Keeps four workers running. */
function keepRunning(start) {
  const startOne = (index) => start(index).once('exit', () => existsSync(join(folder, 'stop')) || startOne(index))
  for (let index = 0; index < size; index++) startOne(index)
}

if (!isMainThread) await runThread()
else if (cluster.isWorker || kind === 'pm2' || process.argv.includes('child')) await runProcess()
else if (kind === 'cluster') keepRunning(() => cluster.fork())
else if (kind === 'fork') keepRunning(() => fork(new URL(import.meta.url), [kind, folder, port, 'child']))
else {
  await startMonitoring(options)
  const threads = []
  keepRunning((index) => {
    threads[index] = new Worker(new URL(import.meta.url), { argv: [kind, folder, port] })
    return threads[index]
  })
  process.on('message', ({ index, how }) => {
    if (how === 'terminate') void threads[index].terminate()
    else threads[index].postMessage(how)
  })
}
