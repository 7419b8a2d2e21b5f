import { DatabaseSync } from 'node:sqlite'
import { Keyv, type KeyvOptions } from 'keyv'
import QuickLRU from 'quick-lru'
import { expect, onTestFinished, test, vi } from 'vitest'
import { instrument, uninstrument } from '../../instrument.ts'
import type { MeasuredStore } from '../../registry/measured-stores.ts'
import { MetricsRegistry } from '../../registry/registry.ts'

/** A backend of Keyv 6 on SQLite. Its class name shows the adapter that it is not a bounded cache. */
class KeyvSqlite {
  readonly capabilities = { expires: true }
  namespace: string | undefined
  readonly database = new DatabaseSync(':memory:')
  readonly lifetimes: Array<number | undefined> = []

  constructor() {
    this.database.exec('CREATE TABLE entries (key TEXT PRIMARY KEY, value TEXT, expires INTEGER)')
  }
  async get(key: string): Promise<unknown> {
    return this.database.prepare('SELECT value FROM entries WHERE key = ?').get(this.#full(key))?.['value']
  }
  async set(key: string, value: string, expires?: number): Promise<boolean> {
    this.lifetimes.push(expires === undefined ? undefined : expires - Date.now())
    this.database.prepare('INSERT OR REPLACE INTO entries VALUES (?, ?, ?)').run(this.#full(key), value, expires ?? null)
    return true
  }
  async delete(key: string): Promise<boolean> {
    return this.database.prepare('DELETE FROM entries WHERE key = ?').run(this.#full(key)).changes > 0
  }
  async clear(): Promise<void> {
    this.database.exec('DELETE FROM entries')
  }
  keys(): unknown[] {
    return this.database
      .prepare('SELECT key FROM entries')
      .all()
      .map(({ key }) => key)
  }
  #full(key: string): string {
    return this.namespace === undefined ? key : `${this.namespace}:${key}`
  }
}

const hooks = ['get', 'set', 'delete', 'deleteMany'].flatMap((verb) => [`before:${verb}`, `after:${verb}`])
const events = ['error', 'stat:get', 'stat:hit', 'stat:miss', 'stat:set', 'stat:delete', 'stat:error']

/** Records every hook and event of a Keyv. */
function recordHooksAndEvents(keyv: Keyv): unknown[] {
  const recorded: unknown[] = []
  const recordHook = (hook: string) => (data: unknown) => {
    recorded.push([hook, data])
  }
  for (const hook of hooks) keyv.addHook(hook, recordHook(hook))
  for (const hook of ['preGet', 'postSet', 'preDelete']) keyv.addHook(hook, recordHook(hook))
  for (const event of events) keyv.on(event, (what: unknown) => recorded.push([event, what]))
  return recorded
}

/** Returns all values. */
const readValues = (registry: MetricsRegistry) => registry.getAllMetrics().map(({ name, labels, value }) => [name, labels, value])

function measure(keyv: Keyv) {
  const registry = new MetricsRegistry()
  instrument(keyv, { name: 'cache', registry })
  // It also keeps the Keyv alive in tests that use only its registry.
  onTestFinished(() => void uninstrument(keyv))
  return { keyv, registry, store: registry.stores.list()[0] as MeasuredStore, recorded: recordHooksAndEvents(keyv) }
}

const ways: Readonly<Record<string, KeyvOptions>> = {
  'as it is': {},
  'with a namespace': { namespace: 'mine' },
  'with sanitized keys': { sanitize: { keys: true } },
  'that trusts its backend with what has expired': { checkExpired: false },
  'with statistics': { stats: true },
}

for (const [way, options] of Object.entries(ways)) {
  test(`a Keyv ${way} is probed without metrics, hooks or events`, async () => {
    const backend = new KeyvSqlite()
    const { keyv, registry, store, recorded } = measure(new Keyv({ store: backend, ...options }))
    await keyv.set('a', { b: 1 })
    recorded.splice(0)
    const keys = backend.keys()
    const statistics = { ...keyv.stats }
    const before = readValues(registry)
    const probe = store.probe()
    expect(await probe?.read('probe key')).toBeUndefined()
    await probe?.write?.('probe key', 'a value')
    expect(backend.keys()).toEqual([...keys, options.namespace === undefined ? 'probe key' : 'mine:probe key'])
    expect(backend.lifetimes.at(-1)).toBeGreaterThan(0)
    expect(backend.lifetimes.at(-1)).toBeLessThanOrEqual(60_000)
    expect(await probe?.read('probe key')).toBe('a value')
    await probe?.remove?.('probe key')
    expect(await probe?.read('probe key')).toBeUndefined()
    expect(backend.keys()).toEqual(keys)
    expect(readValues(registry)).toEqual(before)
    expect(recorded).toEqual([])
    expect({ ...keyv.stats }).toEqual(statistics)
    await keyv.get('a')
    expect(recorded.length).toBeGreaterThan(0)
  })
}

test("an error that Keyv would emit fails the probe and is not counted as a user's error", async () => {
  const failure = new Error('connection lost')
  class KeyvRedis extends KeyvSqlite {
    override async get(): Promise<never> {
      throw failure
    }
    override async set(): Promise<never> {
      throw failure
    }
    override async delete(): Promise<never> {
      throw failure
    }
  }
  const { keyv, registry, store, recorded } = measure(new Keyv({ store: new KeyvRedis() }))
  const before = readValues(registry)
  const probe = store.probe()
  await expect(probe?.read('a')).rejects.toBe(failure)
  await expect(probe?.write?.('a', 'b')).rejects.toBe(failure)
  await expect(probe?.remove?.('a')).rejects.toBe(failure)
  expect(recorded).toEqual([])
  expect(readValues(registry)).toEqual(before)
  expect(await keyv.get('a')).toBeUndefined()
  expect(recorded).toContainEqual(['error', failure])
  expect(readValues(registry)).not.toEqual(before)
})

test('a write for which the backend returns false fails the probe', async () => {
  class KeyvRedis extends KeyvSqlite {
    override async set(): Promise<boolean> {
      return false
    }
  }
  const { store } = measure(new Keyv({ store: new KeyvRedis() }))
  await expect(store.probe()?.write?.('a', 'b')).rejects.toThrow('Keyv returned false for a write: the backend failed')
})

test("an expired value of the probe's key is removed without metrics, hooks or events", async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  try {
    const backend = new KeyvSqlite()
    const { registry, store, recorded } = measure(new Keyv({ store: Object.assign(backend, { deleteMany: removing(backend) }) }))
    await store.probe()?.write?.('probe key', 'a value')
    vi.setSystemTime(Date.now() + 61_000)
    const before = readValues(registry)
    expect(await store.probe()?.read('probe key')).toBeUndefined()
    expect(backend.keys()).toEqual([])
    expect(recorded).toEqual([])
    expect(readValues(registry)).toEqual(before)
  } finally {
    vi.useRealTimers()
  }
})

const removing = (backend: KeyvSqlite) => (keys: string[]) => Promise.all(keys.map((key) => backend.delete(key)))

class Derived extends Keyv {
  readonly #before = 'before '
  override async has(key: never): Promise<never> {
    return super.has(`${this.#before}${key}`) as Promise<never>
  }
}
class Unknown extends KeyvSqlite {}

const readOnly: Readonly<Record<string, () => Keyv>> = {
  'in memory': () => new Keyv(),
  'over a cache that is full': () => new Keyv({ store: new QuickLRU({ maxSize: 1 }) }),
  'on an unknown backend': () => new Keyv({ store: new Unknown() }),
  'of a derived class': () => new Derived({ store: new KeyvSqlite() }),
}

for (const [kind, make] of Object.entries(readOnly)) {
  test(`a Keyv ${kind} is probed by reading only`, async () => {
    const { keyv, registry, store, recorded } = measure(make())
    await keyv.set('a', 'b')
    recorded.splice(0)
    const before = readValues(registry)
    expect(Object.keys(store.probe() ?? {})).toEqual(['read'])
    expect(await store.probe()?.read('probe key')).toBeUndefined()
    expect(readValues(registry)).toEqual(before)
    expect(recorded).toEqual([])
    expect(await keyv.getRaw('a')).toMatchObject({ value: 'b' })
  })
}

test('a measured Map behind a Keyv counts nothing of the probe', async () => {
  const registry = new MetricsRegistry()
  const map = instrument(new Map(), { name: 'map', registry })
  const keyv = instrument(new Keyv({ store: map }), { name: 'cache', registry })
  const before = readValues(registry)
  for (const store of registry.stores.list()) expect(await store.probe()?.read('probe key')).toBeUndefined()
  expect(readValues(registry)).toEqual(before)
  await keyv.disconnect()
})

test('a disconnected Keyv has no probe until its next call', async () => {
  const { keyv, store } = measure(new Keyv())
  expect(store.state()).toBe('open')
  await keyv.disconnect()
  expect([store.state(), store.probe(), store.directory()]).toEqual(['closed', undefined, undefined])
  await keyv.get('a')
  expect(store.state()).toBe('open')
  expect(store.probe()).toBeDefined()
})
