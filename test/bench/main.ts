import type { ComparisonResult } from './comparison.ts'
import { thisMachine } from './machine.ts'
import { type Options, optionsFrom } from './options.ts'
import { parts } from './parts.ts'
import { comparisonTable, machineLine } from './table.ts'

// node test/bench/dist/main.js [--only record|sampling|operations|in-place|service|caches|collect|engine|history|query|detail|start-up] [--quick] [--json] [--engine-megabytes 1024]
const { json, only, effort } = asked()
const machine = thisMachine()
if (!json) console.log(machineLine(machine))
const results: Array<{ part: string; comparisons: ComparisonResult[] }> = []
for (const [part, run] of Object.entries(parts)) {
  if (only !== undefined && part !== only) continue
  if (!json) console.log(`\n# ${part}`)
  const comparisons: ComparisonResult[] = []
  for await (const comparison of run(effort)) {
    if (!json) console.log(`\n${comparisonTable(comparison)}`)
    comparisons.push(comparison)
  }
  results.push({ part, comparisons })
}
if (json) console.log(JSON.stringify({ machine, quick: effort.quick, parts: results }, null, 2))

/** Returns the options of the command line. If one is invalid, prints why and exits. */
function asked(): Options {
  try {
    return optionsFrom(process.argv.slice(2), Object.keys(parts))
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
    process.exit(1)
  }
}
