import { expect, test } from 'vitest'
import { createAlert, createDispatcher, toFiring, toResolved } from '../../test/alerts/alert-fixtures.ts'
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
  for (const seconds of [20, 40, 59, 60, 80, 119, 120]) dispatcher.notify([firing], [], seconds * 1000)
  await dispatcher.close(5000)
  expect(groups.map(({ atMs }) => atMs)).toEqual([0, 60_000, 120_000])
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

test('a failed notification is retried until it is accepted, and not sent again after that', async () => {
  const { notifier, groups } = recordingNotifier({}, (attempt) => (attempt < 3 ? new DeliveryError('not now') : undefined))
  const { dispatcher, dropped } = createDispatcher(notifier)
  dispatcher.notify([firing], [toFiring(firing)], 0)
  await dispatcher.close(5000)
  expect(groups).toHaveLength(3)
  expect(dropped).toEqual([])
})

test('a rejected notification is dropped, counted and logged at once', async () => {
  const { notifier, groups } = recordingNotifier({}, () => new RejectedError('the server answered with status 404'))
  const { dispatcher, dropped, lines } = createDispatcher(notifier)
  dispatcher.notify([firing], [toFiring(firing)], 0)
  await dispatcher.close(5000)
  expect(groups).toHaveLength(1)
  expect(dropped).toEqual(['own'])
  expect(lines).toEqual([
    ['warn', 'alert notification dropped', { notifier: 'own', rule: 'Slow', reason: 'the server answered with status 404' }],
  ])
})

test('only the kind of an unknown error is logged: its message may contain a URL', async () => {
  const { notifier, groups } = recordingNotifier({}, () => new TypeError('cannot post to https://chat/secret-path'))
  const { dispatcher, lines } = createDispatcher(notifier, { backoffMs: 1, maxAttempts: 2 })
  dispatcher.notify([firing], [toFiring(firing)], 0)
  await dispatcher.close(5000)
  expect(groups).toHaveLength(2)
  expect(lines).toMatchObject([['warn', 'alert notification dropped', { notifier: 'own', reason: 'TypeError' }]])
})

test('the queue is bounded: the oldest notifications are dropped and counted', async () => {
  const { notifier } = recordingNotifier({}, () => new DeliveryError('not now'))
  const { dispatcher, dropped, lines } = createDispatcher(notifier, { queueLimit: 2 })
  for (let index = 0; index < 10; index++) {
    const alert = createAlert('firing', { rule: `Rule${index}` })
    dispatcher.notify([alert], [toFiring(alert)], 0)
  }
  await dispatcher.close(5000)
  expect(dropped).toHaveLength(10)
  const full = lines.filter(([, , fields]) => 'reason' in fields && fields.reason === 'too many notifications are queued')
  expect(full.map(([, , fields]) => 'rule' in fields && fields.rule)).toEqual(
    Array.from({ length: 7 }, (_, index) => `Rule${index + 1}`),
  )
})

test('close drops what is not sent by its deadline', async () => {
  const { notifier } = recordingNotifier({}, () => new DeliveryError('not now'))
  const { dispatcher, dropped } = createDispatcher(notifier, { backoffMs: 60_000 })
  dispatcher.notify([firing], [toFiring(firing)], 0)
  const startMs = performance.now()
  await dispatcher.close(50)
  expect(performance.now() - startMs).toBeLessThan(10_000)
  expect(dropped).toEqual(['own'])
})
