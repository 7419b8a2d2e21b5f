import { setTimeout as sleep } from 'node:timers/promises'
import { areInstalled } from '@wombat/test-support/backend-programs'
import { describe, expect, test } from 'vitest'
import { routeErrors, valueDifferences } from './compare-routes.ts'
import { type DemoWithBackends, demoEngines, startDemoWithBackends } from './demo-with-backends.ts'
import { dashboardQueries } from './panel-query.ts'
import { type QueryResult, runQueries } from './results.ts'
import { generatedRules, ruleQueries } from './rule-query.ts'
import { offeredValues, selectionErrors } from './variables.ts'

const panels = dashboardQueries()
const rules = generatedRules()
const queries = [...panels, ...ruleQueries(rules)]

/** Time limit until every event has happened once: a compaction, a firing alert, a rule's second sample. */
const settleMs = 40_000
/** Time between two rounds; longer than a sample takes to its backend. */
const roundIntervalMs = 2000
/** Rounds with the same value after which a series is compared. */
const comparedRounds = 3

/** Repeats all queries until there are no errors; returns the errors that are left when the time is up. */
async function remainingErrors(backends: DemoWithBackends): Promise<string[]> {
  const deadlineMs = performance.now() + settleMs
  const rounds: QueryResult[][] = []
  for (;;) {
    rounds.push(await runQueries(queries, backends))
    const errors = await routeErrors(rounds.at(-1) ?? [], demoEngines)
    const valueErrors = rounds.length < comparedRounds ? ['not enough rounds'] : valueDifferences(rounds.slice(-comparedRounds))
    const all = [...errors, ...valueErrors, ...(await backends.prometheus.ruleErrors())]
    if (all.length === 0 || performance.now() > deadlineMs) return all
    await sleep(roundIntervalMs)
  }
}

describe.skipIf(!areInstalled('prometheus', 'victoria-metrics', 'otelcol'))('the demo', () => {
  test('fills every panel and rule of its engines and the monitor, with the same series on both routes and for every selection', async () => {
    const backends = await startDemoWithBackends(rules)
    expect(await remainingErrors(backends)).toEqual([])
    const store = ['damaged', 'invoices', 'orders', 'products', 'sessions']
    expect(await offeredValues(backends)).toEqual({
      prometheus: { service: ['wombat-demo'], instance: [expect.stringMatching(/^127\.0\.0\.1:\d+$/)], store },
      victoriaMetrics: { service: ['wombat-demo'], instance: [expect.stringMatching(/^[0-9a-f-]{36}$/)], store },
    })
    await expect.poll(() => selectionErrors(panels, backends), { timeout: 15_000, interval: 1000 }).toEqual([])
  }, 75_000)
})
