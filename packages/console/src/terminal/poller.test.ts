import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { Poller } from './poller.ts'
import type { Snapshot } from './snapshot.ts'

const snapshot = (timeMs: number): Snapshot => ({
  timeMs,
  url: 'http://127.0.0.1:8080',
  windowSeconds: 60,
  health: 'healthy',
  process: {},
  stores: [],
  findings: [],
  alerts: [],
  events: [],
})

function startPoller(read: (signal: AbortSignal) => Promise<Snapshot>): Poller {
  const poller = new Poller(read, 5)
  onTestFinished(() => poller.close())
  return poller
}

test('without an answer the last one is kept, with the reason and since when, until there is an answer again', async () => {
  let count = 0
  const poller = startPoller(async () => {
    count++
    if (count === 2 || count === 3) throw new Error('no answer')
    return snapshot(count)
  })
  const states = [await poller.start()]
  poller.subscribe(() => states.push(poller.getState()))
  await vi.waitFor(() => expect(states.length).toBeGreaterThanOrEqual(4))
  expect(states.slice(0, 4).map(({ snapshot, problem }) => [snapshot?.timeMs, problem?.message])).toEqual([
    [1, undefined],
    [1, 'no answer'],
    [1, 'no answer'],
    [4, undefined],
  ])
  expect(states[2]?.problem?.sinceMs).toBe(states[1]?.problem?.sinceMs)
})

test('nothing is read while it is paused, or after it is closed', async () => {
  let count = 0
  const poller = startPoller(async () => snapshot(++count))
  await poller.start()
  poller.pause(true)
  await sleep(30)
  expect(count).toBe(1)
  poller.pause(false)
  await vi.waitFor(() => expect(count).toBeGreaterThan(2))
  poller.close()
  const before = count
  await sleep(30)
  expect(count).toBe(before)
})
