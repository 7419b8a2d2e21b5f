import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { ClassicLevel as ClassicLevel1 } from 'classic-level1'
import { expect, onTestFinished, test } from 'vitest'
import { instrument } from '../../instrument.ts'
import { MetricsRegistry } from '../../registry/registry.ts'
import { readMeasured } from '../../testing/index.ts'

interface Store {
  put(key: string, value: string): Promise<void>
  open(): Promise<unknown>
  close(): Promise<void>
  iterator(): { next(): Promise<unknown> }
}

const require = createRequire(import.meta.url)
const levelup: (store: object) => Store = require('levelup')
const leveldown: (location: string) => object = require('leveldown')

const kinds: Readonly<Record<string, (location: string) => Store>> = {
  'classic-level': (location) => new ClassicLevel(location),
  'classic-level 1': (location) => new ClassicLevel1(location) as unknown as Store,
  'levelup on leveldown': (location) => levelup(leveldown(location)),
}

function measure(create: (location: string) => Store) {
  const location = mkdtempSync(join(tmpdir(), 'after-close-'))
  onTestFinished(() => rmSync(location, { recursive: true, force: true }))
  const registry = new MetricsRegistry()
  const db = instrument(create(location), { name: 'db', registry })
  /** Returns the value of a gauge, of an engine the sum over its series; undefined if it is absent. */
  const gauge = async (gaugeName: string): Promise<number | undefined> => {
    await registry.collectors.collectNow()
    const found = registry.getAllMetrics().filter(({ name }) => name === gaugeName)
    return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + Number(value), 0)
  }
  const failures = (): number => registry.counter('wombat_monitor_source_failures_total').value
  return { db, registry, location, gauge, failures }
}

for (const [kind, create] of Object.entries(kinds)) {
  test(`${kind}: open iterators end with their store, and its gauges are right when it is open again`, async () => {
    const { db, registry, gauge, failures } = measure(create)
    await db.put('a', '1')
    const iterators = Array.from({ length: 50 }, () => db.iterator())
    for (const iterator of iterators) await iterator.next()
    expect([await gauge('db_open_iterators'), await gauge('db_queue_depth')]).toEqual([50, 0])
    expect(readMeasured(registry, 'db').scan?.operations).toBe(0)
    await db.close()
    const absent = ['db_open_iterators', 'db_queue_depth', 'db_store_info', 'db_total_disk_bytes', 'db_level_bytes']
    for (const name of absent) expect(await gauge(name)).toBeUndefined()
    expect(readMeasured(registry, 'db').scan).toEqual({ operations: 50, errors: 0, entries: 50 })
    await db.open()
    expect([await gauge('db_open_iterators'), await gauge('db_queue_depth'), await gauge('db_store_info')]).toEqual([0, 0, 1])
    expect(await gauge('db_total_disk_bytes')).toBeGreaterThan(0)
    await db.close()
    expect(failures()).toBe(0)
  })

  test(`${kind}: what its folder tells is absent when that is removed, and nothing counts as failed`, async () => {
    const { db, location, gauge, failures } = measure(create)
    await db.put('a', '1')
    expect(await gauge('db_total_disk_bytes')).toBeGreaterThan(0)
    rmSync(location, { recursive: true })
    expect(await gauge('db_total_disk_bytes')).toBeUndefined()
    expect(await gauge('db_store_info')).toBe(1)
    await db.put('b', '2')
    await db.close()
    expect(await gauge('db_store_info')).toBeUndefined()
    expect(failures()).toBe(0)
  })

  test(`${kind}: a store that is closed while it opens leaves nothing`, async () => {
    const { db, registry, gauge, failures } = measure(create)
    expect(await gauge('db_store_info')).toBe(1)
    await db.close()
    expect(await gauge('db_store_info')).toBeUndefined()
    expect(failures()).toBe(0)
    expect(registry.getAllMetrics().filter(({ name }) => name === 'db_errors_total')).toEqual([])
  })
}
