import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { instrument, MetricsRegistry } from '@wombat/instrumentation'
import { type Action, storeSuite, type TestData } from '@wombat/instrumentation/testing'
import { afterAll, expect, test } from 'vitest'
import { LogStore } from '../../examples/own-store/log-store.ts'
import { logStore } from '../../examples/own-store/log-store-adapter.ts'

const folder = mkdtempSync(join(tmpdir(), 'own-store-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let files = 0
const newPath = (): string => join(folder, `${files++}.log`)
const firstKey = ({ entries }: TestData): string => entries[0]?.[0] ?? ''

const actions: ReadonlyArray<Action<LogStore>> = [
  { does: 'get', operation: 'get', run: (store, data) => store.get(firstKey(data)), fail: (store) => store.get('') },
  { does: 'has', operation: 'has', run: (store, data) => store.has(firstKey(data)), fail: (store) => store.has('') },
  {
    does: 'set',
    operation: 'set',
    run: (store, data) => store.set(data.newKey, data.newValue),
    fail: (store) => store.set('', ''),
  },
  { does: 'delete', operation: 'delete', run: (store, data) => store.delete(firstKey(data)), fail: (store) => store.delete('') },
  { does: 'clear', operation: 'clear', run: (store) => store.clear() },
]

storeSuite<LogStore>({
  kind: 'the log store',
  test,
  actions,
  adapter: logStore,
  optionalMetrics: ['db_space_reclaim_operations_total', 'db_space_reclaim_bytes_total', 'db_space_reclaim_duration_seconds'],
  close: (store) => store.close(),
  async create({ entries }) {
    const store = await LogStore.open(newPath())
    for (const [key, value] of entries) await store.set(key, value)
    return store
  },
})

test('the log store keeps its entries through compaction and reopening', async () => {
  const path = newPath()
  const store = await LogStore.open(path)
  await Promise.all([store.set('a', '1'), store.set('b', 'zwölf'), store.set('a', '2'), store.set('c', '3')])
  expect(await store.delete('c')).toBe(true)
  await store.compact()
  await store.set('d', '4')
  await store.close()
  await expect(store.get('a')).rejects.toMatchObject({ code: 'LOG_STORE_CLOSED' })
  expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(4)
  const again = await LogStore.open(path)
  expect(await Promise.all(['a', 'b', 'c', 'd'].map((key) => again.get(key)))).toEqual(['2', 'zwölf', undefined, '4'])
  expect([again.size, again.outdatedBytes]).toEqual([3, 0])
  await again.close()
})

test('the log store has a probe while it is open, and its directory is that of its file', async () => {
  const registry = new MetricsRegistry()
  const store = instrument(await LogStore.open(newPath()), { name: 'orders', registry, adapter: logStore })
  const [known] = registry.stores.list()
  expect(known?.directory()).toBe(folder)
  const probe = known?.probe()
  await probe?.write?.('probe key', 'a value')
  expect(await probe?.read('probe key')).toBe('a value')
  await probe?.remove?.('probe key')
  expect(store.size).toBe(0)
  await store.close()
  expect([known?.state(), known?.probe()]).toEqual(['closed', undefined])
  await expect(probe?.read('probe key')).rejects.toMatchObject({ code: 'LOG_STORE_CLOSED' })
})

test('the log store exports its size, its outdated bytes and its compactions', async () => {
  const registry = new MetricsRegistry()
  const path = newPath()
  const store = instrument(await LogStore.open(path), { name: 'orders', registry, adapter: logStore })
  for (let index = 0; index < 10; index++) await store.set('a', `${index}`)
  await registry.collectors.collect()
  const value = (name: string) => registry.getAllMetrics().find((metric) => metric.name === name)?.value
  expect(value('db_entries')).toBe(1)
  expect(value('db_total_disk_bytes')).toBe(statSync(path).size)
  expect(value('db_free_bytes')).toBe((statSync(path).size / 10) * 9)
  await store.compact()
  expect(value('db_space_reclaim_operations_total')).toBe(1)
  expect(value('db_space_reclaim_bytes_total')).toBe(statSync(path).size * 9)
  expect(value('db_space_reclaim_duration_seconds')).toMatchObject({ count: 1 })
  await store.close()
})
