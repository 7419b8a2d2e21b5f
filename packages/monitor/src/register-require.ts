// node --require @wombat/monitor/register app.js

// Nothing is imported: Node requires this file on its loader thread too, where up to Node 22 a module that imports anything
// cannot be required, and worker threads do not need the rest.
const { isMainThread } = process.getBuiltinModule('node:worker_threads')

// What is required cannot be waited for.
if (isMainThread) {
  const { createRequire } = process.getBuiltinModule('node:module')
  try {
    const { preload }: typeof import('./preload.ts') = createRequire(import.meta.url)('./preload.js')
    void preload()
  } catch (error) {
    // Something that we depend on is missing: the application is not to fail of that.
    const [reason] = String(error).split('\n')
    process.stderr.write(`wombat: monitoring is off, the application runs without it: ${reason}\n`)
  }
}

export {}
