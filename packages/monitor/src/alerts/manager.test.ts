import { expect, test } from 'vitest'
import { TimeSeries } from '../history/memory/time-series.ts'
import { AlertManager } from './manager.ts'
import type { AlertRule } from './rule.ts'

const rules: AlertRule[] = ['Deep', 'Deeper'].map((name, index) => ({
  name,
  condition: 'metric_above',
  metric: 'db_queue_depth',
  threshold: 5 * (index + 1),
  severity: 'warning',
  annotations: { summary: '{{ labels.store }} has {{ value }}' },
}))

/** Returns a history in which the queues of so many stores have these depths, one sample every ten seconds from 10 s on. */
function createHistory(depths: readonly number[], stores = 100): TimeSeries {
  const history = new TimeSeries({ intervalMs: 10_000 })
  for (const [sample, depth] of depths.entries()) {
    const samples = Array.from({ length: stores }, (_, index) => ({
      series: { name: 'db_queue_depth', labels: { store: `s${index}` }, isCounter: false },
      value: depth + index / 1000,
    }))
    history.append((sample + 1) * 10_000, samples)
  }
  return history
}

test('an evaluation with pauses ends as one without', () => {
  const history = createHistory([6, 11, 4, 11, 1])
  const [atOnce, paused] = [new AlertManager(rules, history), new AlertManager(rules, history)]
  for (let timeMs = 10_000; timeMs <= 50_000; timeMs += 10_000) {
    const expected = atOnce.evaluate(timeMs)
    const work = paused.evaluatePausable(timeMs)
    let next = work.next()
    let pauses = 0
    for (; next.done !== true; next = work.next()) pauses++
    expect(pauses).toBeGreaterThan(400)
    expect(next.value).toEqual(expected)
    expect(paused.alerts()).toEqual(atOnce.alerts())
    expect(paused.statuses).toEqual(atOnce.statuses)
  }
  expect(paused.save(0)).toEqual(atOnce.save(0))
})

test('in a pause, the alerts of a rule are as before its evaluation or as after it', () => {
  const manager = new AlertManager(rules, createHistory([6, 4]))
  manager.evaluate(10_000)
  const work = manager.evaluatePausable(20_000)
  const counts = new Set<number>()
  while (work.next().done !== true) counts.add(manager.counts('Deep').firing)
  expect([...counts]).toEqual([100, 0])
})

test.each([
  ['rules are replaced', (manager: AlertManager) => manager.replaceRules([...rules])],
  ['a clock is set', (manager: AlertManager) => manager.shift(3_600_000)],
  ['alerts are restored', (manager: AlertManager) => manager.restore({ atMs: 0, alerts: [] }, 20_000)],
  ['another evaluation is made', (manager: AlertManager) => void manager.evaluate(20_000)],
])('an evaluation gives up if %s in a pause', (_, change) => {
  const manager = new AlertManager(rules, createHistory([6, 4]))
  manager.evaluate(10_000)
  const work = manager.evaluatePausable(20_000)
  for (let pause = 0; pause < 50; pause++) work.next()
  change(manager)
  const before = manager.alerts()
  let next = work.next()
  while (next.done !== true) next = work.next()
  expect(next.value).toBeUndefined()
  expect(manager.alerts()).toEqual(before)
})

test('transitions of an evaluation that gave up are among those of the next one', () => {
  const manager = new AlertManager(rules, createHistory([11]))
  const work = manager.evaluatePausable(10_000)
  while (manager.counts('Deep').firing === 0) work.next()
  manager.replaceRules([...rules])
  while (work.next().done !== true) expect(manager.counts('Deeper').firing).toBe(0)
  const transitions = manager.evaluate(10_000)
  expect(Map.groupBy(transitions, ({ alert }) => alert.rule).get('Deep')).toHaveLength(100)
  expect(Map.groupBy(transitions, ({ alert }) => alert.rule).get('Deeper')).toHaveLength(100)
  expect(manager.transitions).toHaveLength(200)
})

test('an alert that does not change stays the same object, and its annotations are those of its last value', () => {
  const manager = new AlertManager(rules, createHistory([6, 6, 7], 1))
  manager.evaluate(10_000)
  const changes = manager.stateChanges
  const [first] = manager.alerts()
  manager.evaluate(20_000)
  expect(manager.alerts()[0]).toBe(first)
  manager.evaluate(30_000)
  expect(first?.annotations).toEqual({ summary: 's0 has 6' })
  expect(manager.alerts()[0]?.annotations).toEqual({ summary: 's0 has 7' })
  // Only its value is new.
  expect(manager.stateChanges).toBe(changes)
})

test('a template that fails is counted as an error of its rule, and the alert and the other rules go on', () => {
  const history = new TimeSeries({ intervalMs: 1000 })
  const series = { name: 'db_queue_depth', labels: { store: 'orders' }, isCounter: false }
  history.append(1000, [{ series, value: 5 }])
  const condition = { condition: 'metric_above', metric: 'db_queue_depth', threshold: 1, severity: 'info' } as const
  // No validated rule has one; a rule in code may.
  const broken = { summary: 5 } as unknown as Record<string, string>
  const manager = new AlertManager(
    [
      { name: 'Broken', ...condition, annotations: broken },
      { name: 'Sound', ...condition, annotations: { summary: '{{ value }}' } },
    ],
    history,
  )
  expect(manager.evaluate(1000)).toHaveLength(2)
  expect(manager.alerts().map(({ annotations }) => annotations)).toEqual([
    { summary: '<the template cannot be expanded>' },
    { summary: '5' },
  ])
  expect(manager.statuses.map(({ error }) => error)).toEqual([
    expect.stringMatching(/^the template of the annotation summary cannot be expanded/),
    undefined,
  ])
})

test('the alerts of a store that was forgotten are resolved, also those of a rule that keeps them without data', () => {
  const kept: AlertRule = { ...(rules[0] as AlertRule), noData: 'keep' }
  const history = createHistory([6], 2)
  const manager = new AlertManager([kept], history)
  manager.evaluate(10_000)
  expect(manager.counts('Deep')).toEqual({ pending: 0, firing: 2 })
  // The series have ended: one store may come back, the other one was forgotten.
  history.append(20_000, [])
  manager.evaluate(20_000)
  expect(manager.counts('Deep')).toEqual({ pending: 0, firing: 2 })
  manager.forget('s1')
  const changes = manager.evaluate(30_000)
  expect(changes).toMatchObject([{ from: 'firing', to: 'resolved', alert: { labels: { store: 's1' } } }])
  expect(manager.counts('Deep')).toEqual({ pending: 0, firing: 1 })
})
