import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { Keyv } from 'keyv'
import { open } from 'lmdb'
import { MemoryLevel } from 'memory-level'
import { expect, test } from 'vitest'
import { instrument } from '../instrument.ts'
import { MetricsRegistry } from '../registry/registry.ts'
import { readValues } from '../testing/read-measured.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const measured = (registry: MetricsRegistry) => {
  const values = readValues(registry, 'orders')
  return {
    open: values.get('db_open_iterators'),
    abandoned: values.get('db_abandoned_iterators_total'),
    scans: values.get('db_scan_operations_total'),
    entries: values.get('db_scan_entries_total'),
  }
}

/** Opens an iterator, reads one entry and forgets it. */
const kinds: Readonly<Record<string, (registry: MetricsRegistry) => Promise<{ forget: () => Promise<void> }>>> = {
  lmdb: async (registry) => {
    const db = instrument(open({ path: await temporaryFolder() }), { registry, name: 'orders' })
    for (const key of ['a', 'b', 'c']) db.putSync(key, 1)
    return {
      async forget() {
        db.getRange()[Symbol.iterator]().next()
      },
    }
  },
  Keyv: async (registry) => {
    const keyv = instrument(new Keyv(), { registry, name: 'orders' })
    for (const key of ['a', 'b', 'c']) await keyv.set(key, 1)
    return {
      async forget() {
        await keyv.iterator?.().next()
      },
    }
  },
}

test.each(Object.keys(kinds))(
  'an iterator of %s that its reader forgets is no longer open when it was collected, and is counted',
  async (kind) => {
    const registry = new MetricsRegistry()
    const { forget } = await (kinds[kind] as (typeof kinds)[string])(registry)
    for (let times = 0; times < 3; times++) await forget()
    expect(measured(registry)).toEqual({ open: 3, abandoned: 0, scans: 0, entries: 0 })
    await expect
      .poll(async () => {
        await sleep(5)
        collectGarbage()
        await registry.collectors.collectNow()
        return measured(registry)
      })
      .toEqual({ open: 0, abandoned: 3, scans: 3, entries: 3 })
  },
)

test('an iterator that the database holds is open until the database is closed', async () => {
  const registry = new MetricsRegistry()
  const db = instrument(new MemoryLevel(), { registry, name: 'orders' })
  await db.put('a', '1')
  await db.iterator().next()
  await sleep(5)
  collectGarbage()
  await registry.collectors.collectNow()
  expect(measured(registry)).toMatchObject({ open: 1, abandoned: 0 })
  await db.close()
  expect(measured(registry)).toMatchObject({ abandoned: 0, scans: 1, entries: 1 })
})

test('the age of the oldest iterator grows until it is closed', async () => {
  const registry = new MetricsRegistry()
  const db = instrument(new MemoryLevel(), { registry, name: 'orders' })
  await db.open()
  const age = () => readValues(registry, 'orders').get('db_oldest_iterator_age_seconds')
  expect(age()).toBe(0)
  const oldest = db.iterator()
  await sleep(100)
  const newer = db.iterator()
  const ofOldest = age() as number
  expect(ofOldest).toBeGreaterThanOrEqual(0.09)
  await oldest.close()
  expect(age()).toBeLessThan(ofOldest)
  await newer.close()
  expect(age()).toBe(0)
  await db.close()
})

test('reading the metrics changes none of them', async () => {
  const registry = new MetricsRegistry()
  const keyv = instrument(new Keyv(), { registry, name: 'orders' })
  await keyv.set('a', 1)
  await keyv.iterator?.().next()
  await sleep(5)
  collectGarbage()
  const before = measured(registry)
  expect(measured(registry)).toEqual(before)
  expect(before).toMatchObject({ abandoned: 0 })
})
