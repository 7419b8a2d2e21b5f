// node --import @wombat/monitor/register app.js
import { writeSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

// Awaited, so that the servers listen and every store is measured before the application's first line runs. Worker threads load
// this file, too, and are skipped: each would need the same ports.
if (isMainThread) {
  try {
    const { preload } = await import('./preload.ts')
    await preload()
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
