import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'vitest'
import { demoEngines, startDemoWithBackends } from './demo-with-backends.ts'
import { otherEngines, startOtherEngines } from './engines.ts'
import { dashboardQueries } from './panel-query.ts'
import { runQueries } from './results.ts'
import { generatedRules, ruleQueries } from './rule-query.ts'
import { formatTable } from './table.ts'

const withEngines = process.env['WOMBAT_PANELS_ENGINES'] === '1'
/** Long enough for every event to happen once. */
const settleMs = 40_000

// Not a test: it runs as one so that its processes end with it. `npm run panels` starts it.
test('the table of panels and rules', async () => {
  const rules = generatedRules()
  const queries = [...dashboardQueries(), ...ruleQueries(rules)]
  const backends = await startDemoWithBackends(rules, withEngines ? startOtherEngines : undefined)
  await sleep(settleMs)
  const results = await runQueries(queries, backends)
  process.stdout.write(`\n${await formatTable(results, [...demoEngines, ...(withEngines ? otherEngines : [])])}\n\n`)
}, 120_000)
