import type { Sample } from '@wombat/test-support/sample'
import { expect, test } from 'vitest'
import { complaints, differences } from './compare-routes.ts'
import { panelQuestions, type Question, type Route, withoutBound } from './panel-query.ts'
import type { Answer } from './results.ts'
import { compared, generatedRules, ruleQuestions } from './rule-query.ts'

const depth = of('overview', 'Queue depth, A')
const cache = of('engine', 'Block cache, A')
const stalls = of('fleet', 'Most write stall time, A')

function of(from: string, title: string): Question {
  const found = panelQuestions().find((question) => question.from === from && question.title === title)
  if (found === undefined) throw new Error(`${from} has no ${title}`)
  return found
}

const sample = (value: number, labels: Readonly<Record<string, string>> = { store: 'orders' }): Sample => {
  return { name: '', labels, value }
}

const answer = (question: Question, prometheus: Sample[], victoriaMetrics: Sample[] = prometheus): Answer => {
  return { question, samples: { prometheus, victoriaMetrics } }
}

/** As if the metric had another name wherever it is asked for. */
function renamed(question: Question): Question {
  const expr = question.expr.prometheus.replaceAll('db_queue_depth', 'db_queue_length')
  return { ...question, expr: { prometheus: expr, victoriaMetrics: expr } }
}

test('what is answered alike by both ways is right', async () => {
  expect(await complaints([answer(depth, [sample(1)])], 'leveldb')).toEqual([])
})

test.each<[Route, Answer]>([
  ['prometheus', answer(depth, [], [sample(1)])],
  ['victoriaMetrics', answer(depth, [sample(1)], [])],
])('a panel that is blank by way of %s alone is a complaint', async (route, one) => {
  expect(await complaints([one], 'leveldb')).toEqual([`overview: Queue depth, A: blank by way of ${route}`])
})

test('a panel that every engine fills has no excuse', async () => {
  expect(await complaints([answer(depth, [])], 'leveldb')).toHaveLength(2)
})

test('a panel with a metric that is not in the catalogue any more is a complaint, also where others answer', async () => {
  const wrong = ['overview: Queue depth, A: asks for db_queue_length, which is not in the catalogue']
  expect(await complaints([answer(renamed(depth), [])], 'leveldb')).toEqual(wrong)
  expect(await complaints([answer(renamed(depth), [sample(1)])], 'leveldb')).toEqual(wrong)
})

test('a series that only one way has is a complaint, and the labels that ways add are none', async () => {
  const [mine, theirs] = [sample(1, { store: 'orders', instance: 'a:1' }), sample(1, { store: 'orders', service_name: 'shop' })]
  expect(await complaints([answer(depth, [mine], [theirs])], 'leveldb')).toEqual([])
  expect(await complaints([answer(depth, [mine], [theirs, sample(2, { store: 'users' })])], 'leveldb')).toHaveLength(1)
})

test('what the engine does not say may be blank where the panel says who does, and only there', async () => {
  expect(await complaints([answer(cache, [])], 'leveldb')).toEqual([])
  const silent = { ...cache, panel: { noValue: 'No data', metrics: cache.metrics } }
  expect(await complaints([answer(silent, [])], 'leveldb')).toEqual(['engine: Block cache, A: blank, and says only: No data'])
  expect(await complaints([answer(cache, [])], 'rocksdb')).toHaveLength(2)
  expect(await complaints([answer(cache, [sample(1)])], 'leveldb')).toHaveLength(1)
})

test('what shows only what is above 0 may be blank, and is asked once more without that', async () => {
  expect(await complaints([answer(stalls, [])], 'leveldb')).toEqual([])
  const unbounded = of('fleet', 'Most write stall time, A, not only above 0')
  expect(await complaints([answer(unbounded, [])], 'leveldb')).toHaveLength(2)
})

test('values are compared where none of them moved', () => {
  const rounds = (...values: ReadonlyArray<readonly [number, number]>) =>
    values.map(([scraped, sent]) => [answer(depth, [sample(scraped)], [sample(sent)])])
  expect(differences(rounds([1, 1], [1, 1]))).toEqual([])
  expect(differences(rounds([1, 2], [1, 2]))).toHaveLength(1)
  expect(differences(rounds([2, 2], [1, 2]))).toEqual([])
})

test.each([
  ['a / b > 0.05', 'a / b'],
  ['(h > 0.1) and (rate(a[5m]) > 1)', '(h) and (rate(a[5m]))'],
  ['s:x > 14.4 * 0.001 and t * 3600 >= 100', 's:x and t * 3600'],
  ['absent(db_store_info)', 'db_store_info'],
])('of %s, %s is asked', (expression, asked) => {
  expect(compared(expression)).toBe(asked)
})

test('a rule over what is recorded is asked of VictoriaMetrics with nothing recorded, and compares nothing', () => {
  const rules = ruleQuestions(generatedRules())
  expect(rules.length).toBeGreaterThan(200)
  for (const { expr, title, from } of rules) {
    expect(expr.victoriaMetrics, title).not.toMatch(/\w:\w/)
    if (from !== 'wombat-recording.yaml') expect(expr.prometheus, title).not.toMatch(/[<>]/)
  }
  expect(new Set(rules.map(({ from, title }) => `${from} ${title}`)).size).toBe(rules.length)
})

test('an alert that has ended may be seen longer over OTLP, and none may be missing there', async () => {
  const alerts = of('overview', 'Pending and firing alerts, A')
  expect(await complaints([answer(alerts, [sample(1)], [sample(1), sample(1, { store: 'users' })])], 'leveldb')).toEqual([])
  expect(await complaints([answer(alerts, [sample(1), sample(1, { store: 'users' })], [sample(1)])], 'leveldb')).toHaveLength(1)
})

test.each([
  ['topk(10, (sum(a)) > 0)', 'topk(10, (sum(a)))'],
  ['topk(10, ((sum(a)) > 0))', 'topk(10, ((sum(a))))'],
  ['(sum(a)) > 0', '(sum(a))'],
  ['count((sum(a)) > 0)', undefined],
  ['(sum(a)) / ((b) > 0)', undefined],
  ['(a / ((b) > 0))', undefined],
  ['sum(a)', undefined],
])('%s without its bound is %s', (expression, unbounded) => {
  expect(withoutBound(expression)).toBe(unbounded)
})
