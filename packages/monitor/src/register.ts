// node --import @wombat/monitor/register app.js
import { isMainThread } from 'node:worker_threads'

// Waited for, so that the doors are open and every store is seen before the application's first line. Worker threads, which
// load this too, are left alone: they would all want the same ports.
if (isMainThread) {
  try {
    const { preload } = await import('./preload.ts')
    await preload()
  } catch (error) {
    // Something that we depend on is missing: the application is not to fail of that.
    const [reason] = String(error).split('\n')
    process.stderr.write(`wombat: monitoring is off, the application runs without it: ${reason}\n`)
  }
}
