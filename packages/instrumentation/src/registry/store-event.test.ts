import { createRequire } from 'node:module'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Keyv } from 'keyv'
import { MemoryLevel } from 'memory-level'
import { createStorage } from 'unstorage'
import { expect, test, vi } from 'vitest'
import { instrument, uninstrument } from '../instrument.ts'
import { MetricsRegistry } from './registry.ts'
import type { StoreEvent } from './store-event.ts'

const require = createRequire(import.meta.url)
const BetterSqlite: new (path: string) => { close(): void } = require('better-sqlite3')

function listen() {
  const registry = new MetricsRegistry()
  const events: StoreEvent[] = []
  const stop = registry.observer.onEvent((event) => events.push(event))
  return { registry, stop, kinds: () => events.splice(0).map(({ kind }) => kind), events }
}

test('a store that opens and closes is reported each time, once', async () => {
  const { registry, kinds, events } = listen()
  const db = instrument(new MemoryLevel(), { name: 'orders', registry })
  expect(events).toEqual([])
  await db.open()
  expect(events).toMatchObject([{ store: 'orders', details: { engine: 'memory', adapter: 'abstract-level' } }])
  expect(Math.abs(Date.now() - (events[0]?.startMs ?? 0))).toBeLessThan(1000)
  await registry.collectors.collectNow()
  expect(kinds()).toEqual(['store_opened'])
  await db.close()
  await vi.waitFor(async () => {
    await registry.collectors.collectNow()
    expect(events).toHaveLength(1)
  })
  await db.open()
  expect(kinds()).toEqual(['store_closed', 'store_opened'])
})

test('a store that is open when it is instrumented is reported as opened', () => {
  const { registry, kinds } = listen()
  instrument(new Map(), { name: 'cache', registry })
  expect(kinds()).toEqual(['store_opened'])
})

test('a SQLite database that closes is reported at once', () => {
  const { registry, kinds } = listen()
  const database = instrument(new BetterSqlite(':memory:'), { name: 'orders', registry })
  database.close()
  expect(kinds()).toEqual(['store_opened', 'store_closed'])
})

test.each([
  ['Keyv', () => new Keyv(), (store: object) => (store as Keyv).disconnect()],
  ['unstorage', () => createStorage(), (store: object) => (store as ReturnType<typeof createStorage>).dispose()],
])('%s that closes is reported', async (_, create, close) => {
  const { registry, kinds } = listen()
  await close(instrument(create(), { name: 'cache', registry }))
  await registry.collectors.collectNow()
  expect(kinds()).toEqual(['store_opened', 'store_closed'])
})

test('a store that is dropped without being closed is reported as closed', async () => {
  setFlagsFromString('--expose-gc')
  const collectGarbage: () => void = runInNewContext('gc')
  const { registry, events } = listen()
  instrument(new Map(), { name: 'cache', registry })
  await vi.waitFor(() => {
    collectGarbage()
    expect(events.map(({ kind }) => kind)).toEqual(['store_opened', 'store_closed'])
  })
})

test('a store that is not measured any more reports nothing', async () => {
  const { registry, kinds } = listen()
  const db = instrument(new MemoryLevel(), { name: 'orders', registry })
  await db.open()
  uninstrument(db)
  await db.close()
  expect(kinds()).toEqual(['store_opened'])
})

test('after the last listener is gone, no event is created', async () => {
  const { registry, stop, kinds } = listen()
  stop()
  expect(registry.observer.hasEventListeners).toBe(false)
  instrument(new Map(), { name: 'cache', registry })
  expect(kinds()).toEqual([])
})
