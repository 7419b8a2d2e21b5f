import { setTimeout as sleep } from 'node:timers/promises'
import { MemoryLevel } from 'memory-level'
import { MemoryLevel as MemoryLevel1 } from 'memory-level1'
import { expect, test } from 'vitest'
import { instrument, uninstrument } from '../../instrument.ts'
import { MetricsRegistry } from '../../registry/registry.ts'
import { readValues } from '../../testing/read-measured.ts'

function measured(registry: MetricsRegistry) {
  const values = readValues(registry, 'orders')
  return { open: values.get('db_open_snapshots'), age: values.get('db_oldest_snapshot_age_seconds') }
}

test('a snapshot is open until it is closed, and the age of the oldest grows', async () => {
  const registry = new MetricsRegistry()
  const db = instrument(new MemoryLevel(), { registry, name: 'orders' })
  await db.put('a', '1')
  const part = db.sublevel('part')
  await part.open()
  expect(measured(registry)).toEqual({ open: 0, age: 0 })
  const oldest = db.snapshot()
  await sleep(50)
  const newer = part.snapshot()
  const { open, age = 0 } = measured(registry)
  expect(open).toBe(2)
  expect(age).toBeGreaterThanOrEqual(0.045)
  await db.put('a', '2')
  expect(await db.get('a', { snapshot: oldest })).toBe('1')
  await oldest.close()
  expect(measured(registry).open).toBe(1)
  expect(measured(registry).age).toBeLessThan(age)
  await newer.close()
  expect(measured(registry)).toEqual({ open: 0, age: 0 })
  await db.close()
})

test('closing the database closes its snapshots', async () => {
  const registry = new MetricsRegistry()
  const db = instrument(new MemoryLevel(), { registry, name: 'orders' })
  await db.open()
  db.snapshot()
  await db.close()
  expect(measured(registry)).toEqual({ open: undefined, age: undefined })
  await db.open()
  expect(measured(registry)).toEqual({ open: 0, age: 0 })
  await db.close()
})

test('a database without snapshots reports none, and uninstrument leaves no trace', async () => {
  const registry = new MetricsRegistry()
  const old = instrument(new MemoryLevel1(), { registry, name: 'orders' })
  await old.open()
  expect(measured(registry)).toEqual({ open: undefined, age: undefined })
  await old.close()
  const db = new MemoryLevel()
  const before = Reflect.ownKeys(db)
  instrument(db, { registry, name: 'new' })
  uninstrument(db)
  expect(Reflect.ownKeys(db)).toEqual(before)
  await db.close()
})
