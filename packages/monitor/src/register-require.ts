// node --require @wombat/monitor/register app.js

// This file imports nothing. Node requires it on its loader thread, too, where up to Node 22 a module with imports cannot be
// required; that thread does not need the rest.
const { isMainThread, isInternalThread } = process.getBuiltinModule('node:worker_threads')

// `require` cannot await, so `preload` runs in the background.
if (isInternalThread !== true) {
  const { createRequire } = process.getBuiltinModule('node:module')
  try {
    const { preload, preloadThread }: typeof import('./preload.ts') = createRequire(import.meta.url)('./preload.js')
    if (isMainThread) void preload()
    else preloadThread()
  } catch (error) {
    // A dependency of this package is missing: the application must run all the same.
    const [reason] = (error instanceof Error ? error.message : String(error)).split('\n')
    try {
      process.getBuiltinModule('node:fs').writeSync(2, `wombat: monitoring is off, the application runs without it: ${reason}\n`)
    } catch {
      // Standard error is closed or its disk is full.
    }
  }
}

export {}
