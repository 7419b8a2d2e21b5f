import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AbstractLevel } from 'abstract-level'
import { ClassicLevel } from 'classic-level'
import { Level } from 'level'
import { MemoryLevel } from 'memory-level'
import { afterAll, afterEach, expect, test } from 'vitest'
import { instrument } from '../../instrument.ts'
import type { MeasuredStore } from '../../registry/measured-stores.ts'
import { MetricsRegistry } from '../../registry/registry.ts'

type Database = AbstractLevel<string | Uint8Array, unknown, unknown>

const folders = mkdtempSync(join(tmpdir(), 'abstract-level-probe-'))
afterAll(() => rmSync(folders, { recursive: true, force: true }))

const open: Database[] = []
afterEach(async () => {
  for (const db of open.splice(0)) await db.close()
})

const location = (): string => mkdtempSync(join(folders, 'db-'))

/** Returns all values. */
const readValues = (registry: MetricsRegistry) => registry.getAllMetrics().map(({ name, labels, value }) => [name, labels, value])

function measure(db: Database, registry = new MetricsRegistry()): { store: MeasuredStore; registry: MetricsRegistry } {
  open.push(db)
  instrument(db, { name: 'db', registry })
  return { store: registry.stores.list().at(-1) as MeasuredStore, registry }
}

/** Records every hook and event of a database. */
function recordHooksAndEvents(db: Database): unknown[] {
  const recorded: unknown[] = []
  db.on('write', (operations) => recorded.push(['write', operations]))
  db.hooks.prewrite.add((operation) => {
    recorded.push(['prewrite', operation])
  })
  return recorded
}

/** Writes, reads and removes a key, and expects other entries and all values to stay the same at each step. */
async function runProbe(store: MeasuredStore, db: Database, registry: MetricsRegistry, key = 'probe key'): Promise<void> {
  const probe = store.probe()
  const before = readValues(registry)
  const expectUnchanged = () => expect(readValues(registry)).toEqual(before)
  expect(await probe?.read(key)).toBeUndefined()
  expectUnchanged()
  const written = probe?.write?.(key, 'a value')
  expectUnchanged()
  await written
  expect(await probe?.read(key)).toBe('a value')
  expectUnchanged()
  await probe?.remove?.(key)
  expect(await probe?.read(key)).toBeUndefined()
  expectUnchanged()
  expect(store.state()).toBe('open')
  expect(db.status).toBe('open')
}

const kinds: Readonly<Record<string, () => Database>> = {
  'classic-level': () => new ClassicLevel(location()) as unknown as Database,
  level: () => new Level(location()) as unknown as Database,
  'memory-level': () => new MemoryLevel() as unknown as Database,
  'memory-level that keeps bytes': () => new MemoryLevel({ storeEncoding: 'view' }) as unknown as Database,
  'classic-level of JSON': () =>
    new ClassicLevel(location(), { keyEncoding: 'json', valueEncoding: 'json' }) as unknown as Database,
  'classic-level of bytes': () =>
    new ClassicLevel(location(), { keyEncoding: 'view', valueEncoding: 'buffer' }) as unknown as Database,
  'classic-level of hexadecimal digits': () =>
    new ClassicLevel(location(), { keyEncoding: 'hex', valueEncoding: 'base64' }) as unknown as Database,
}

for (const [kind, make] of Object.entries(kinds)) {
  test(`${kind} is probed without metrics, hooks or events`, async () => {
    const db = make()
    const key = (text: string): unknown => {
      const { commonName } = db.keyEncoding()
      return commonName === 'view' ? Buffer.from(text) : text
    }
    const value = db.valueEncoding().commonName === 'buffer' ? Buffer.from('beef') : 'beef'
    await db.put(key('ab'), value)
    const { store, registry } = measure(db)
    const before = await db.iterator().all()
    const recorded = recordHooksAndEvents(db)
    await runProbe(store, db, registry)
    expect(recorded).toEqual([])
    expect(await db.iterator().all()).toEqual(before)
    await db.put(key('ab'), value)
    expect(recorded.length).toBeGreaterThan(0)
  })

  test(`${kind}: a scan can decode the probe's key`, async () => {
    const db = make()
    const { store } = measure(db)
    await db.open()
    const probe = store.probe()
    await probe?.write?.('probe key', 'a value')
    expect(await db.iterator().all()).toHaveLength(1)
    await probe?.remove?.('probe key')
    expect(await db.iterator().all()).toEqual([])
  })
}

test('a sublevel is probed under its own prefix, and its measured database counts nothing', async () => {
  const db = new ClassicLevel(location()) as unknown as Database
  const registry = new MetricsRegistry()
  measure(db, registry)
  const outer = db.sublevel('outer')
  const part = outer.sublevel<unknown, unknown>('part', { valueEncoding: 'json' }) as unknown as Database
  await part.put('a', { b: 1 })
  const { store } = measure(part, registry)
  const recorded = [recordHooksAndEvents(db), recordHooksAndEvents(outer as unknown as Database), recordHooksAndEvents(part)]
  await runProbe(store, part, registry)
  await store.probe()?.write?.('probe key', 'a value')
  expect(await db.keys().all()).toEqual(['!outer!!part!a', '!outer!!part!probe key'])
  expect(await part.get('probe key')).toBe('a value')
  await store.probe()?.remove?.('probe key')
  expect(recorded).toEqual([[], [], []])
})

test('a database with its own encoding for number keys is probed by reading only', async () => {
  const numbers = {
    name: 'numbers',
    format: 'utf8',
    encode: (key: number) => String(Number(key)),
    decode: (key: string) => Number(key),
  } as const
  const db = new MemoryLevel<number, string>({ keyEncoding: numbers }) as unknown as Database
  const { store } = measure(db)
  await db.put(5, 'five')
  expect(await store.probe()?.read('probe key')).toBeUndefined()
  expect(Object.keys(store.probe() ?? {})).toEqual(['read'])
})

test('the state is that of the database, and the probe exists only while it is open', async () => {
  const db = new ClassicLevel(location()) as unknown as Database
  const part = db.sublevel('part') as unknown as Database
  const { store } = measure(db)
  const { store: ofPart } = measure(part)
  expect([store.state(), store.probe()]).toEqual(['opening', undefined])
  await part.open()
  expect([store.state(), ofPart.state()]).toEqual(['open', 'open'])
  const probes = [store.probe(), ofPart.probe()]
  const closing = db.close()
  for (const probe of probes) {
    await expect(probe?.read('a')).rejects.toMatchObject({ code: 'LEVEL_DATABASE_NOT_OPEN' })
    await expect(probe?.write?.('a', 'b')).rejects.toMatchObject({ code: 'LEVEL_DATABASE_NOT_OPEN' })
  }
  await closing
  expect([store.state(), store.probe(), ofPart.state(), ofPart.probe()]).toEqual(['closed', undefined, 'closed', undefined])
})

test('the directory is that of classic-level, also for a sublevel; other databases have none', () => {
  const folder = location()
  const db = new ClassicLevel(folder) as unknown as Database
  expect(measure(db).store.directory()).toBe(folder)
  expect(measure(db.sublevel('part') as unknown as Database).store.directory()).toBe(folder)
  expect(measure(new MemoryLevel() as unknown as Database).store.directory()).toBeUndefined()
})

test("a failure of the engine fails the probe and is not counted as a user's error", async () => {
  const failure = Object.assign(new Error('disk'), { code: 'LEVEL_IO_ERROR' })
  class Broken extends MemoryLevel {
    _get(): never {
      throw failure
    }
    _put(): Promise<never> {
      return Promise.reject(failure)
    }
  }
  const db = new Broken() as unknown as Database
  const { store, registry } = measure(db)
  await db.open()
  const before = readValues(registry)
  await expect(store.probe()?.read('a')).rejects.toBe(failure)
  await expect(store.probe()?.write?.('a', 'b')).rejects.toBe(failure)
  expect(readValues(registry)).toEqual(before)
  await expect(db.get('a')).rejects.toBe(failure)
  expect(readValues(registry)).not.toEqual(before)
})
