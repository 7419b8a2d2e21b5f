import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'vitest'
import { demoSeen } from './demo-with-backends.ts'
import { otherEngines, startOtherEngines } from './engines.ts'
import { panelQuestions } from './panel-query.ts'
import { ask } from './results.ts'
import { generatedRules, ruleQuestions } from './rule-query.ts'
import { tableOf } from './table.ts'

const withEngines = process.env['WOMBAT_PANELS_ENGINES'] === '1'
/** Long enough for everything to happen at least once. */
const settleMs = 40_000

// No test, but what it starts is ended as a test's: `npm run panels` calls it, see main.mjs.
test('the table of panels and rules', async () => {
  const rules = generatedRules()
  const questions = [...panelQuestions(), ...ruleQuestions(rules)]
  const seen = await demoSeen(rules, withEngines ? startOtherEngines : undefined)
  await sleep(settleMs)
  const answers = await ask(questions, seen)
  process.stdout.write(`\n${await tableOf(answers, ['leveldb', ...(withEngines ? otherEngines : [])])}\n\n`)
}, 120_000)
