// An application without a word of monitoring, for the preload beside automatic instrumentation.
const { MemoryLevel } = require('memory-level')

async function run() {
  const store = new MemoryLevel()
  await store.put('a', '1')
  const page = await (await fetch(`http://127.0.0.1:${process.env.WOMBAT_PROMETHEUS_PORT}/metrics`)).text()
  console.log(/^db_set_operations_total\{store="memory"\} 1$/m.test(page) ? 'ok' : `no store on the page of ${page.length} bytes`)
  process.exit(0)
}

run()
