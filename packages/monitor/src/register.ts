// node --import @wombat/monitor/register app.js
import { writeSync } from 'node:fs'
import workerThreads from 'node:worker_threads'

// Awaited, so that the servers listen and every store is measured before the application's first line runs. Worker threads load
// this file, too: the stores of theirs become part of the monitoring of the main thread. Node's own threads have no stores.
if (workerThreads.isInternalThread !== true) {
  try {
    const { preload, preloadThread } = await import('./preload.ts')
    await (workerThreads.isMainThread ? preload() : preloadThread())
  } catch (error) {
    // A dependency of this package is missing: the application must run all the same.
    const [reason] = (error instanceof Error ? error.message : String(error)).split('\n')
    try {
      writeSync(2, `wombat: monitoring is off, the application runs without it: ${reason}\n`)
    } catch {
      // Standard error is closed or its disk is full.
    }
  }
}
