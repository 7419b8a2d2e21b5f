import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { MemoryLevel } from 'memory-level'
import { expect, onTestFinished, test } from 'vitest'
import { instrument } from '../../instrument.ts'
import { MetricsRegistry } from '../../registry/registry.ts'

const entries = Array.from({ length: 500 }, (_, index) => ({
  type: 'put' as const,
  key: `${index}`.padStart(4, '0'),
  value: '1',
}))

function scans(registry: MetricsRegistry) {
  const { count, sum } = registry.histogram('db_scan_latency_seconds', { store: 'a' }).snapshot()
  return { count, seconds: sum, entries: registry.counter('db_scan_entries_total', { store: 'a' }).value }
}

test('of a scan in memory not every read is timed, but its time is that of all, and its entries are exact', async () => {
  const registry = new MetricsRegistry()
  const slow = new MemoryLevel()
  const createIterator = Reflect.get(slow, '_iterator') as (options: unknown) => { _next(): unknown }
  Object.assign(slow, {
    _iterator(options: unknown) {
      const iterator = createIterator.call(slow, options)
      const next = iterator._next
      // Every read takes as long, and much longer than what surrounds it.
      const slowNext = () => {
        const endMs = performance.now() + 0.2
        while (performance.now() < endMs);
        return next.call(iterator)
      }
      return Object.assign(iterator, { _next: slowNext })
    },
  })
  const db = instrument(slow, { name: 'a', registry })
  await db.batch(entries)
  const startMs = performance.now()
  for await (const _ of db.iterator());
  const passedSeconds = (performance.now() - startMs) / 1000
  const { count, seconds, entries: counted } = scans(registry)
  expect([count, counted]).toEqual([1, 500])
  // No timing is shorter than 0.2 ms, and all reads are represented.
  expect(seconds).toBeGreaterThanOrEqual(0.1)
  expect(seconds).toBeLessThan(passedSeconds * 2)
})

test('entries that classic-level has read ahead are counted, and not observed one by one', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'iterator-'))
  const registry = new MetricsRegistry()
  const db = instrument(new ClassicLevel(folder), { name: 'a', registry })
  onTestFinished(async () => {
    await db.close()
    rmSync(folder, { recursive: true })
  })
  await db.batch(entries)
  let seen = 0
  for await (const _ of db.iterator()) seen++
  const iterator = db.iterator()
  for (let read = 0; read < 10; read++) await iterator.next()
  expect(registry.observer.inFlight().depth).toBe(0)
  await iterator.close()
  expect(seen).toBe(500)
  expect(scans(registry)).toMatchObject({ count: 2, entries: 510 })
  expect(scans(registry).seconds).toBeGreaterThan(0)
})
