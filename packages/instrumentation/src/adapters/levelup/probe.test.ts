import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { instrument } from '../../instrument.ts'
import type { MeasuredStore } from '../../registry/measured-stores.ts'
import { MetricsRegistry } from '../../registry/registry.ts'

interface Up {
  open(): Promise<void>
  close(): Promise<void>
  get(key: unknown): Promise<unknown>
  put(key: unknown, value: unknown): Promise<void>
  on(event: string, listener: () => void): void
  createReadStream(): AsyncIterable<unknown>
}

const require = createRequire(import.meta.url)
const levelup: (store: object) => Up = require('levelup')
const encode: (store: object, options?: object) => object = require('encoding-down')
const memdown: () => object = require('memdown')
const leveldown: (location: string) => object = require('leveldown')
const subleveldown: (store: Up, name: string, options?: object) => Up = require('subleveldown')

const folders = mkdtempSync(join(tmpdir(), 'levelup-probe-'))
afterAll(() => rmSync(folders, { recursive: true, force: true }))
const folder = (): string => mkdtempSync(join(folders, 'db-'))

/** Measures a store, and keeps it open until the test ends. */
function measure(db: Up, registry = new MetricsRegistry()): { db: Up; registry: MetricsRegistry; store: MeasuredStore } {
  onTestFinished(() => db.close())
  instrument(db, { name: 'db', registry })
  return { db, registry, store: registry.stores.list().at(-1) as MeasuredStore }
}

const readValues = (registry: MetricsRegistry) => registry.getAllMetrics().map(({ name, labels, value }) => [name, labels, value])

async function readAll(entries: AsyncIterable<unknown>): Promise<unknown[]> {
  const read: unknown[] = []
  for await (const entry of entries) read.push(entry)
  return read
}

const keyEncodings = ['utf8', 'json', 'binary', 'hex', 'ascii', 'base64', 'ucs2', 'none']

for (const [engine, create] of Object.entries({ memdown, leveldown: () => leveldown(folder()) })) {
  for (const keyEncoding of keyEncodings) {
    test(`levelup on ${engine} with ${keyEncoding} is probed without metrics and events, and a scan can decode its key`, async () => {
      const { db, registry, store } = measure(levelup(encode(create(), { keyEncoding, valueEncoding: keyEncoding })))
      await db.open()
      let events = 0
      for (const event of ['put', 'del', 'batch']) db.on(event, () => events++)
      const before = readValues(registry)
      const probe = store.probe()
      expect(await probe?.read('probe key')).toBeUndefined()
      await probe?.write?.('probe key', 'a value')
      expect(await probe?.read('probe key')).toBe('a value')
      expect(readValues(registry)).toEqual(before)
      expect(await readAll(db.createReadStream())).toHaveLength(1)
      await probe?.remove?.('probe key')
      expect(await readAll(db.createReadStream())).toEqual([])
      expect(events).toBe(0)
      await db.put('ab', 'cd')
      expect(events).toBe(1)
    })
  }
}

test('a store whose keys are numbers is probed by reading only', async () => {
  const keyEncoding = { type: 'numbers', encode: (key: number) => String(Number(key)), decode: Number, buffer: false }
  const { db, store } = measure(levelup(encode(memdown(), { keyEncoding })))
  await db.put(5, 'five')
  expect(Object.keys(store.probe() ?? {})).toEqual(['read'])
  expect(await store.probe()?.read('probe key')).toBeUndefined()
})

test('a part of subleveldown is probed under its own prefix, and its measured store counts nothing', async () => {
  const { db, registry } = measure(levelup(encode(leveldown(folder()))))
  await db.open()
  const part = subleveldown(db, 'part', { valueEncoding: 'json' })
  await part.open()
  instrument(part, { name: 'part', registry })
  const store = registry.stores.list().at(-1) as MeasuredStore
  const before = readValues(registry)
  const probe = store.probe()
  await probe?.write?.('probe key', 'a value')
  expect(readValues(registry)).toEqual(before)
  expect(await db.get('!part!probe key')).toBe('"a value"')
  expect(await part.get('probe key')).toBe('a value')
  await probe?.remove?.('probe key')
  expect(await probe?.read('probe key')).toBeUndefined()
})

test('a closed store has no probe, and the probe of a store that is closed rejects', async () => {
  const { db, store } = measure(levelup(encode(leveldown(folder()))))
  expect([store.state(), store.probe()]).toEqual(['opening', undefined])
  await db.open()
  const probe = store.probe()
  const closing = db.close()
  await expect(probe?.read('a')).rejects.toMatchObject({ code: 'LEVEL_DATABASE_NOT_OPEN' })
  await closing
  expect([store.state(), store.probe()]).toEqual(['closed', undefined])
})
