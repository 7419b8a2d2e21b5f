// Prints how many series each panel and each rule finds in a running demo, by each route: npm run panels [-- --engines]
// With --engines, stores on the other engines run beside the demo. It needs the real backends.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startVitest } from 'vitest/node'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const { engines } = parseCommandLine()

for (const program of ['prometheus', 'victoria-metrics', 'otelcol']) {
  if (existsSync(join(root, 'test/backends/.installed/bin', program))) continue
  console.error(`${program} is not installed; install it with: bash test/backends/install.sh`)
  process.exit(1)
}
process.env.WOMBAT_PANELS_ENGINES = engines ? '1' : '0'
const options = { root, run: true, project: ['panels'], reporters: ['dot'], disableConsoleIntercept: true }
await (await startVitest('test', [], options)).close()

/** Returns the options of the command line. If one is unknown, prints why and exits. */
function parseCommandLine() {
  try {
    return parseArgs({ options: { engines: { type: 'boolean', default: false } } }).values
  } catch (error) {
    console.error(error.message)
    process.exit(1)
  }
}
