import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { createAlert, createDispatcher, toFiring, toResolved } from '../../test/alerts/alert-fixtures.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { Alert } from './manager.ts'
import { type AlertGroup, DeliveryError, type Notifier, RejectedError } from './notifiers/notifier.ts'

const firing = createAlert('firing')
const resolved = createAlert('resolved')

/** Returns a notifier, the groups it was given, and a function that fails every attempt until it returns undefined. */
function recordingNotifier(overrides: Partial<Notifier> = {}, failure: (attempt: number) => Error | undefined = () => undefined) {
  const groups: AlertGroup[] = []
  const notifier: Notifier = {
    name: 'own',
    repeatMs: 60_000,
    sendResolved: true,
    async send(group) {
      groups.push(group)
      const error = failure(groups.length)
      if (error !== undefined) throw error
    },
    ...overrides,
  }
  return { notifier, groups }
}

/** Resolves when nothing is owed any more. */
async function delivered(dispatcher: Dispatcher): Promise<void> {
  const owed = () => Object.values(dispatcher.save()).flatMap((saved) => saved.owed)
  await vi.waitFor(() => expect(owed()).toEqual([]), { timeout: 15_000, interval: 1 })
}

test('firing and resolved alerts are sent when their state changes', async () => {
  const { notifier, groups } = recordingNotifier()
  const { dispatcher } = createDispatcher(notifier)
  dispatcher.notify([firing], [toFiring(firing)], 5000)
  dispatcher.notify([resolved], [toResolved(resolved)], 60_000)
  await dispatcher.close(5000)
  expect(groups).toEqual([
    { rule: 'Slow', atMs: 5000, firing: [firing], resolved: [] },
    { rule: 'Slow', atMs: 60_000, firing: [], resolved: [resolved] },
  ])
})

test('a firing alert is sent again after the repeat interval, and not before', async () => {
  const { notifier, groups } = recordingNotifier({ repeatMs: 60_000 })
  const { dispatcher } = createDispatcher(notifier)
  dispatcher.notify([firing], [toFiring(firing)], 0)
  for (const seconds of [20, 40, 59, 60, 80, 119, 120]) {
    await delivered(dispatcher)
    dispatcher.notify([firing], [], seconds * 1000)
  }
  await dispatcher.close(5000)
  expect(groups.map(({ atMs }) => atMs)).toEqual([0, 60_000, 120_000])
})

test('after the clock was set, a repetition comes when it would have come', async () => {
  const { notifier, groups } = recordingNotifier({ repeatMs: 60_000 })
  const { dispatcher } = createDispatcher(notifier)
  dispatcher.notify([firing], [toFiring(firing)], 10_000_000)
  await delivered(dispatcher)
  dispatcher.shift(-3_600_000)
  for (const seconds of [30, 61]) dispatcher.notify([firing], [], 10_000_000 - 3_600_000 + seconds * 1000)
  await dispatcher.close(5000)
  expect(groups).toHaveLength(2)
})

test('pending alerts are not sent, nor is their end', async () => {
  const { notifier, groups } = recordingNotifier()
  const { dispatcher } = createDispatcher(notifier)
  const pending = { ...firing, state: { name: 'pending' as const, activeAtMs: 0 } }
  dispatcher.notify([pending], [{ atMs: 0, from: 'inactive', to: 'pending', alert: pending }], 0)
  dispatcher.notify([], [{ atMs: 0, from: 'pending', to: 'inactive', alert: pending }], 0)
  await dispatcher.close(5000)
  expect(groups).toEqual([])
})

test('without sendResolved, resolved alerts are not sent', async () => {
  const { notifier, groups } = recordingNotifier({ sendResolved: false })
  const { dispatcher } = createDispatcher(notifier)
  dispatcher.notify([resolved], [toResolved(resolved)], 0)
  await dispatcher.close(5000)
  expect(groups).toEqual([])
})

test('a failed notification is tried until it is accepted, however often that is, and not sent again after that', async () => {
  const { notifier, groups } = recordingNotifier({}, (attempt) => (attempt < 20 ? new DeliveryError('not now') : undefined))
  const { dispatcher, lines, count } = createDispatcher(notifier, { backoffMs: 1, maxBackoffMs: 1 })
  dispatcher.notify([firing], [toFiring(firing)], 0)
  await vi.waitFor(() => expect(count('sent')).toBe(1), 5000)
  expect(groups).toHaveLength(20)
  expect([count('failed'), count('dropped')]).toEqual([19, 0])
  expect(lines).toEqual([
    [
      'warn',
      'alert notifications cannot be delivered: they are kept and tried again',
      { notifier: 'own', rule: 'Slow', reason: 'not now' },
    ],
    ['info', 'alert notifications are delivered again', { notifier: 'own', failed: 19, owed: 0 }],
  ])
  await dispatcher.close(5000)
})

test('after an outage the receiver knows what fires, and everything that was resolved meanwhile', async () => {
  let isDown = true
  const { notifier, groups } = recordingNotifier({}, () => (isDown ? new DeliveryError('down') : undefined))
  const { dispatcher, count } = createDispatcher(notifier, { backoffMs: 1, maxBackoffMs: 1 })
  const [one, two, three] = ['one', 'two', 'three'].map((store) => ({ ...firing, labels: { ...firing.labels, store } }))
  const [first, second, third] = [one, two, three] as [Alert, Alert, Alert]
  const end = (alert: Alert): Alert => ({ ...resolved, labels: alert.labels })
  dispatcher.notify([first], [toFiring(first)], 1000)
  dispatcher.notify([first, second], [toFiring(second)], 2000)
  await vi.waitFor(() => expect(count('failed')).toBeGreaterThan(2), 5000)
  dispatcher.notify([first], [toResolved(end(second))], 3000)
  dispatcher.notify([first, third], [toFiring(third)], 4000)
  dispatcher.notify([third], [toResolved(end(first))], 5000)
  isDown = false
  groups.length = 0
  await vi.waitFor(() => expect(groups.at(-1)?.atMs).toBe(5000), 5000)
  await delivered(dispatcher)
  const stores = (alerts: readonly Alert[]) => alerts.map(({ labels }) => labels['store'])
  expect(groups.map((group) => [stores(group.firing), stores(group.resolved)])).toEqual([
    [['one', 'two'], []],
    [['three'], ['two', 'one']],
  ])
  expect(dispatcher.save()).toEqual({ own: { notifiedAtMs: { Slow: 5000 }, owed: [] } })
  await dispatcher.close(1000)
})

test('a repetition replaces one that is still owed: its time is the newest', async () => {
  let isDown = true
  const { notifier, groups } = recordingNotifier({ repeatMs: 60_000 }, () => (isDown ? new DeliveryError('down') : undefined))
  const { dispatcher, count } = createDispatcher(notifier, { backoffMs: 1, maxBackoffMs: 1 })
  dispatcher.notify([firing], [toFiring(firing)], 0)
  for (let minute = 1; minute <= 30; minute++) {
    await nextTurn()
    dispatcher.notify([firing], [], minute * 60_000)
  }
  isDown = false
  groups.length = 0
  await vi.waitFor(() => expect(groups.at(-1)?.atMs).toBe(1_800_000), 5000)
  await delivered(dispatcher)
  expect(count('sent')).toBeLessThanOrEqual(2)
  expect(dispatcher.save()['own']?.owed).toEqual([])
  await dispatcher.close(1000)
})

test('the delay that the receiver asks for is kept', async () => {
  const { notifier, groups } = recordingNotifier({}, (attempt) =>
    attempt === 1 ? new DeliveryError('too many', { retryAfterMs: 200 }) : undefined,
  )
  const { dispatcher, count } = createDispatcher(notifier, { backoffMs: 1 })
  const startMs = performance.now()
  dispatcher.notify([firing], [toFiring(firing)], 0)
  await vi.waitFor(() => expect(count('sent')).toBe(1), 5000)
  expect(performance.now() - startMs).toBeGreaterThan(190)
  expect(groups).toHaveLength(2)
  await dispatcher.close(1000)
})

test('a rejected notification is dropped, counted and logged at once', async () => {
  const { notifier, groups } = recordingNotifier({}, () => new RejectedError('the server answered with status 404'))
  const { dispatcher, count, lines } = createDispatcher(notifier)
  dispatcher.notify([firing], [toFiring(firing)], 0)
  await dispatcher.close(5000)
  expect(groups).toHaveLength(1)
  expect(count('dropped')).toBe(1)
  expect(lines).toEqual([
    ['warn', 'alert notification dropped', { notifier: 'own', rule: 'Slow', reason: 'the server answered with status 404' }],
  ])
})

test('a rule whose notifications fail does not delay those of others', async () => {
  const { notifier, groups } = recordingNotifier()
  const send = notifier.send.bind(notifier)
  const failing: Notifier = {
    ...notifier,
    send: (group, signal) => (group.rule === 'Slow' ? Promise.reject(new DeliveryError('status 500')) : send(group, signal)),
  }
  const { dispatcher, count } = createDispatcher(failing)
  const other = createAlert('firing', { rule: 'Other' })
  dispatcher.notify([firing, other], [toFiring(firing), toFiring(other)], 0)
  await vi.waitFor(() => expect(count('sent')).toBe(1), 5000)
  expect(groups.map(({ rule }) => rule)).toEqual(['Other'])
  await dispatcher.close(100)
})

test('only the kind of an unknown error is logged: its message may contain a URL', async () => {
  const { notifier } = recordingNotifier({}, () => new TypeError('cannot post to https://chat/secret-path'))
  const { dispatcher, lines } = createDispatcher(notifier)
  dispatcher.notify([firing], [toFiring(firing)], 0)
  await dispatcher.close(100)
  expect(lines[0]).toMatchObject(['warn', expect.any(String), { notifier: 'own', reason: 'TypeError' }])
  expect(JSON.stringify(lines)).not.toContain('secret')
})

test('an attempt that does not end fails, and is repeated', async () => {
  const { notifier } = recordingNotifier()
  let attempts = 0
  const hanging: Notifier = { ...notifier, send: () => (++attempts === 1 ? new Promise(() => {}) : Promise.resolve()) }
  const { dispatcher, count, lines } = createDispatcher(hanging, { attemptTimeoutMs: 20 })
  dispatcher.notify([firing], [toFiring(firing)], 0)
  await vi.waitFor(() => expect(count('sent')).toBe(1), 5000)
  expect(lines[0]?.[2]).toMatchObject({ reason: 'no answer within 20 ms' })
  await dispatcher.close(1000)
})

test('what is owed is bounded: the oldest notifications are dropped and counted', async () => {
  const { notifier } = recordingNotifier({}, () => new DeliveryError('not now'))
  const { dispatcher, count, lines } = createDispatcher(notifier, { queueLimit: 2, backoffMs: 60_000 })
  for (let index = 0; index < 10; index++) {
    const alert = createAlert('firing', { rule: `Rule${index}` })
    dispatcher.notify([alert], [toFiring(alert)], 0)
  }
  expect(count('dropped')).toBe(8)
  const full = lines.filter(([, , fields]) => 'reason' in fields && fields.reason === 'too many notifications are owed')
  expect(full.map(([, , fields]) => 'rule' in fields && fields.rule)).toEqual(
    Array.from({ length: 8 }, (_, index) => `Rule${index}`),
  )
  await dispatcher.close(100)
  expect(count('dropped')).toBe(10)
})

test('a notification that was tried for too long is dropped', async () => {
  const { notifier } = recordingNotifier({}, () => new DeliveryError('down'))
  const { dispatcher, count, lines } = createDispatcher(notifier, { backoffMs: 1, maxBackoffMs: 1, maxAgeMs: 30 })
  dispatcher.notify([firing], [toFiring(firing)], 0)
  await vi.waitFor(() => expect(count('dropped')).toBe(1), 5000)
  expect(lines.at(-1)).toMatchObject(['warn', 'alert notification dropped', { reason: 'tried for too long: down' }])
  await dispatcher.close(100)
})

test('what is owed at the end is tried once more, and sent by the next process', async () => {
  const { notifier, groups } = recordingNotifier({}, () => new DeliveryError('down'))
  const { dispatcher, count, lines } = createDispatcher(notifier, { backoffMs: 60_000 })
  dispatcher.notify([firing], [toFiring(firing)], 5000)
  await vi.waitFor(() => expect(count('failed')).toBe(1), 15_000)
  const startMs = performance.now()
  await dispatcher.close(5000, true)
  expect(performance.now() - startMs).toBeLessThan(4000)
  expect(groups).toHaveLength(2)
  expect(count('dropped')).toBe(0)
  expect(lines.at(-1)).toEqual(['info', 'alert notifications are kept for the next start', { notifier: 'own', owed: 1 }])
  const next = recordingNotifier()
  const { dispatcher: restarted, count: countNext } = createDispatcher(next.notifier)
  restarted.restore(JSON.parse(JSON.stringify(dispatcher.save())))
  await vi.waitFor(() => expect(countNext('sent')).toBe(1), 5000)
  expect(next.groups).toEqual([{ rule: 'Slow', atMs: 5000, firing: [firing], resolved: [] }])
  restarted.notify([firing], [], 6000)
  await restarted.close(1000)
  expect(next.groups).toHaveLength(1)
})

test('without a place to keep it, what is owed at the end is dropped by the deadline', async () => {
  const { notifier } = recordingNotifier()
  const hanging: Notifier = { ...notifier, send: () => new Promise(() => {}) }
  const { dispatcher, count, lines } = createDispatcher(hanging)
  dispatcher.notify([firing], [toFiring(firing)], 0)
  const startMs = performance.now()
  await dispatcher.close(50)
  expect(performance.now() - startMs).toBeLessThan(10_000)
  expect(count('dropped')).toBe(1)
  expect(lines.at(-1)).toMatchObject(['warn', 'alert notification dropped', { reason: 'monitoring is closing' }])
})

test('150,000 alerts of one evaluation are one notification', async () => {
  const { notifier, groups } = recordingNotifier()
  const { dispatcher } = createDispatcher(notifier)
  const alerts = Array.from({ length: 150_000 }, (_, id) => ({ ...firing, labels: { ...firing.labels, id: `${id}` } }))
  dispatcher.notify(alerts, alerts.map(toFiring), 0)
  await dispatcher.close(5000)
  expect(groups.map((group) => group.firing.length)).toEqual([150_000])
})

const always = (): boolean => true
const never = (): boolean => false

test('a silenced alert is sent when the silence ends, if it still fires', async () => {
  const { notifier, groups } = recordingNotifier({ repeatMs: 3_600_000 })
  const { dispatcher, count } = createDispatcher(notifier)
  dispatcher.notify([firing], [toFiring(firing)], 0, always)
  dispatcher.notify([firing], [], 60_000, always)
  expect(count('silenced')).toBe(1)
  dispatcher.notify([firing], [], 120_000, never)
  dispatcher.notify([firing], [], 180_000, never)
  await dispatcher.close(5000)
  expect(groups.map(({ atMs }) => atMs)).toEqual([120_000])
})

test('an alert that fired before the silence is sent again when it ends', async () => {
  const { notifier, groups } = recordingNotifier({ repeatMs: 3_600_000 })
  const { dispatcher, count } = createDispatcher(notifier)
  dispatcher.notify([firing], [toFiring(firing)], 0, never)
  await delivered(dispatcher)
  dispatcher.notify([firing], [], 60_000, always)
  dispatcher.notify([firing], [], 120_000, never)
  await dispatcher.close(5000)
  expect(groups.map(({ atMs }) => atMs)).toEqual([0, 120_000])
  expect(count('silenced')).toBe(0)
})

test('an alert that is resolved while it is silenced is not sent, as by Alertmanager', async () => {
  const { notifier, groups } = recordingNotifier()
  const { dispatcher, count } = createDispatcher(notifier)
  dispatcher.notify([firing], [toFiring(firing)], 0, always)
  dispatcher.notify([resolved], [toResolved(resolved)], 60_000, always)
  dispatcher.notify([resolved], [], 120_000, never)
  await dispatcher.close(5000)
  expect(groups).toEqual([])
  expect(count('silenced')).toBe(2)
})

test('an alert that is resolved when the silence ends is sent only if the receiver knows that it fired', async () => {
  const { notifier, groups } = recordingNotifier()
  const { dispatcher } = createDispatcher(notifier)
  const known = createAlert('firing', { labels: { ...firing.labels, store: 'known' } })
  const knownResolved = createAlert('resolved', { labels: known.labels })
  dispatcher.notify([known], [toFiring(known)], 0, never)
  await delivered(dispatcher)
  dispatcher.notify([known, firing], [toFiring(firing)], 20_000, always)
  dispatcher.notify([knownResolved, resolved], [toResolved(knownResolved), toResolved(resolved)], 60_000, never)
  await dispatcher.close(5000)
  expect(groups.slice(1)).toEqual([{ rule: 'Slow', atMs: 60_000, firing: [], resolved: [knownResolved] }])
})

test('the other alerts of a rule are sent while one of them is silenced', async () => {
  const { notifier, groups } = recordingNotifier()
  const { dispatcher } = createDispatcher(notifier)
  const other = createAlert('firing', { labels: { ...firing.labels, store: 'other' } })
  const isSilenced = ({ labels }: Alert): boolean => labels['store'] === 'orders'
  dispatcher.notify([firing, other], [toFiring(firing), toFiring(other)], 0, isSilenced)
  await dispatcher.close(5000)
  expect(groups).toEqual([{ rule: 'Slow', atMs: 0, firing: [other], resolved: [] }])
})
