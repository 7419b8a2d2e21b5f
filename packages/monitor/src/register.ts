// node --import @wombat/monitor/register app.js
import { isMainThread } from 'node:worker_threads'

// Waited for, so that the doors are open and every store is seen before the application's first line. Worker threads, which
// load this too, are left alone: they would all want the same ports.
if (isMainThread) {
  const { preload } = await import('./preload.ts')
  await preload()
}
