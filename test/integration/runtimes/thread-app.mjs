// An application without a word of monitoring, whose two worker threads have a store each.
import { isMainThread, Worker } from 'node:worker_threads'
import { MemoryLevel } from 'memory-level'

const store = new MemoryLevel()
await store.put('a', '1')
if (isMainThread) {
  const threads = [1, 2].map(() => new Worker(new URL(import.meta.url)))
  await Promise.all(threads.map((thread) => new Promise((resolve) => thread.once('exit', resolve))))
  const page = await (await fetch(`http://127.0.0.1:${process.env.WOMBAT_PROMETHEUS_PORT}/metrics`)).text()
  process.stdout.write(/^db_set_operations_total\{store="memory"\} (\d+)$/m.exec(page)?.[1] ?? 'nothing')
} else {
  // Long enough to join the main thread.
  await new Promise((resolve) => setTimeout(resolve, 1000))
}
