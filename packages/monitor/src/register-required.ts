// node --require @wombat/monitor/register app.js

// Nothing is imported: Node requires this file on its loader thread too, where up to Node 22 a module that imports anything
// cannot be required, and worker threads do not need the rest.
const { isMainThread } = process.getBuiltinModule('node:worker_threads')

// What is required cannot be waited for.
if (isMainThread) {
  const { createRequire } = process.getBuiltinModule('node:module')
  const { preload }: typeof import('./preload.ts') = createRequire(import.meta.url)('./preload.js')
  void preload()
}

export {}
