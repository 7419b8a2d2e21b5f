// Prints how many series each panel and each rule finds in a running demo, by both ways: npm run panels [-- --engines]
// With --engines, stores on the other engines run beside it. Without the real backends there is nobody to ask.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startVitest } from 'vitest/node'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const { engines } = asked()

for (const program of ['prometheus', 'victoria-metrics', 'otelcol']) {
  if (existsSync(join(root, 'test/backends/.installed/bin', program))) continue
  console.error(`${program} is not installed: bash test/backends/install.sh puts it in place`)
  process.exit(1)
}
process.env.WOMBAT_PANELS_ENGINES = engines ? '1' : '0'
const options = { root, run: true, include: ['test/backends/panels/print.ts'], reporters: ['dot'], disableConsoleIntercept: true }
await (await startVitest('test', [], options)).close()

/** What was asked for; where it cannot be, the sentence that says why is all there is to see. */
function asked() {
  try {
    return parseArgs({ options: { engines: { type: 'boolean', default: false } } }).values
  } catch (error) {
    console.error(error.message)
    process.exit(1)
  }
}
