import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type Component, ComponentList, createSubscription } from './component.ts'

/** A list of components that write down when they start and close. */
function recorded(names: readonly string[], overrides: Readonly<Record<string, Partial<Component>>> = {}) {
  const events: string[] = []
  const list = new ComponentList()
  for (const name of names) {
    list.add({
      start: () => void events.push(`start ${name}`),
      close: () => void events.push(`close ${name}`),
      ...overrides[name],
    })
  }
  return { list, events }
}

const minute = 60_000

test('components start in the order in which they were added and close in the reverse order', async () => {
  const { list, events } = recorded(['a', 'b', 'c'])
  await list.start()
  expect(await list.close(minute)).toEqual([])
  expect(events).toEqual(['start a', 'start b', 'start c', 'close c', 'close b', 'close a'])
})

test('each component starts after the one before has started, and closes after the one before has closed', async () => {
  const events: string[] = []
  const slow: Partial<Component> = {
    start: () => sleep(5).then(() => void events.push('slow started')),
    close: () => sleep(5).then(() => void events.push('slow closed')),
  }
  const { list, events: others } = recorded(['a', 'slow', 'c'], { slow })
  const started = list.start()
  expect(others).toEqual(['start a'])
  await started
  expect(events).toEqual(['slow started'])
  const closed = list.close(minute)
  await Promise.resolve()
  expect(others).toEqual(['start a', 'start c', 'close c'])
  await closed
  expect([events.at(-1), others.at(-1)]).toEqual(['slow closed', 'close a'])
})

test('after a component that fails to start no other starts, and all can be closed', async () => {
  const failing = { start: () => Promise.reject(new Error('port in use')) }
  const { list, events } = recorded(['a', 'failing', 'c'], { failing })
  await expect(list.start()).rejects.toThrow('port in use')
  await list.close(minute)
  expect(events).toEqual(['start a', 'close c', 'close failing', 'close a'])
})

test('a component that fails to close does not keep the others open, and its error is returned', async () => {
  const thrown = new Error('no')
  const throwing = {
    close: () => {
      throw thrown
    },
  }
  const { list, events } = recorded(['a', 'throwing', 'rejecting'], {
    throwing,
    rejecting: { close: () => Promise.reject('late') },
  })
  const errors = await list.close(minute)
  expect(errors).toEqual([new Error('late'), thrown])
  expect(events).toEqual(['close a'])
})

test('after the deadline the remaining components are closed without waiting', async () => {
  const hanging = { close: () => new Promise<void>(() => {}) }
  const { list, events } = recorded(['a', 'b', 'hanging', 'c'], { hanging, b: hanging })
  const errors = await list.close(20)
  expect(errors).toEqual([new Error('closing took longer than 20 ms')])
  expect(events).toEqual(['close c', 'close a'])
})

test('components are closed once', async () => {
  const { list, events } = recorded(['a'])
  await list.close(minute)
  await list.close(minute)
  expect(events).toEqual(['close a'])
})

test('a subscription ends when it is closed, and closing one that never started does nothing', async () => {
  const events: string[] = []
  const component = createSubscription(() => {
    events.push('subscribed')
    return () => void events.push('unsubscribed')
  })
  await component.close()
  expect(events).toEqual([])
  await component.start?.()
  await component.close()
  expect(events).toEqual(['subscribed', 'unsubscribed'])
})
