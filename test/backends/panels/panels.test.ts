import { setTimeout as sleep } from 'node:timers/promises'
import { installed } from '@wombat/test-support/backend-programs'
import { describe, expect, test } from 'vitest'
import { complaints, differences } from './compare-routes.ts'
import { demoSeen, type Seen } from './demo-with-backends.ts'
import { panelQuestions } from './panel-query.ts'
import { type Answer, ask } from './results.ts'
import { generatedRules, ruleQuestions } from './rule-query.ts'
import { choiceComplaints, choices } from './variables.ts'

const panels = panelQuestions()
const rules = generatedRules()
const questions = [...panels, ...ruleQuestions(rules)]

/** How long it may take until everything has happened at least once: a compaction, an alert that fires, a rule's second sample. */
const settleMs = 40_000
/** Between two rounds of asking, longer than a number needs on its way. */
const betweenMs = 2000
/** A number that stays for so many rounds is at rest. */
const roundsAtRest = 3

/** Asks everything again and again until nothing is wrong; what is at the end of the time, a line each. */
async function lastComplaints(seen: Seen): Promise<string[]> {
  const deadlineMs = performance.now() + settleMs
  const rounds: Answer[][] = []
  for (;;) {
    rounds.push(await ask(questions, seen))
    const wrong = await complaints(rounds.at(-1) ?? [], 'leveldb')
    const differing = rounds.length < roundsAtRest ? ['not asked often enough'] : differences(rounds.slice(-roundsAtRest))
    const all = [...wrong, ...differing, ...(await seen.prometheus.troubles())]
    if (all.length === 0 || performance.now() > deadlineMs) return all
    await sleep(betweenMs)
  }
}

describe.skipIf(!installed('prometheus', 'victoria-metrics', 'otelcol'))('what the demo fills', () => {
  test('is every panel and every rule that LevelDB and the monitor supply, alike by both ways, whatever is chosen', async () => {
    const seen = await demoSeen(rules)
    expect(await lastComplaints(seen)).toEqual([])
    const store = ['damaged', 'orders']
    expect(await choices(seen)).toEqual({
      prometheus: { service: ['wombat-demo'], instance: [expect.stringMatching(/^127\.0\.0\.1:\d+$/)], store },
      victoriaMetrics: { service: ['wombat-demo'], instance: [expect.stringMatching(/^[0-9a-f-]{36}$/)], store },
    })
    await expect.poll(() => choiceComplaints(panels, seen), { timeout: 15_000, interval: 1000 }).toEqual([])
  }, 75_000)
})
