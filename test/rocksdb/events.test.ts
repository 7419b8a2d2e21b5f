import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MetricsRegistry, type StoreEvent } from '@wombat/instrumentation'
import { createDatabase, measureDatabase } from '@wombat/test-support/measured-rocksdb'
import { isRocksdbInstalled, rocksdbTitle } from '@wombat/test-support/rocksdb'
import { load, smallMemtables, waitUntilIdle } from '@wombat/test-support/rocksdb-load'
import { expect, test } from 'vitest'

test.skipIf(!isRocksdbInstalled)(
  rocksdbTitle('a loaded engine reports its flushes, compactions and stalls with the times of its log'),
  async () => {
    const registry = new MetricsRegistry()
    const received: StoreEvent[] = []
    registry.observer.onEvent((event) => received.push(event))
    const startMs = Date.now()
    const { db, number, collect } = measureDatabase(await createDatabase(smallMemtables), registry)
    await db.ready()
    await load(db)
    await collect()
    await waitUntilIdle(db)
    await db.close()
    await collect()
    const endMs = Date.now()
    const last = [...new Map(received.map((event) => [event.id, event])).values()]
    const ofKind = <Kind extends StoreEvent['kind']>(kind: Kind) =>
      last.filter((event): event is Extract<StoreEvent, { kind: Kind }> => event.kind === kind)
    for (const { startMs: fromMs, endMs: toMs = 0 } of last) {
      expect(fromMs).toBeGreaterThanOrEqual(startMs - 1)
      expect(toMs).toBeGreaterThanOrEqual(fromMs)
      expect(toMs).toBeLessThanOrEqual(endMs + 1)
    }
    const flushes = ofKind('flush')
    expect(flushes.length).toBe(number('db_flush_operations_total'))
    expect(flushes.reduce((sum, { details }) => sum + details.bytes, 0)).toBe(number('db_flush_bytes_total'))
    const compactions = ofKind('compaction')
    expect(compactions.length).toBe(number('db_compaction_operations_total'))
    expect(compactions.reduce((sum, { details }) => sum + (details.inputBytes ?? 0), 0)).toBe(
      number('db_compaction_input_bytes_total'),
    )

    const stalls = ofKind('write_stall')
    const warnings = (await readFile(join(db.path, 'LOG'), 'utf8')).match(/(?:Stopping|Stalling) writes because/g) ?? []
    expect(stalls.length).toBeGreaterThan(0)
    expect(stalls.length).toBeLessThanOrEqual(warnings.length)
    for (const { details } of stalls) {
      expect(details.cause).toBe('memtable')
      expect(details.durationSeconds).toBeLessThan(1)
    }
    expect(ofKind('store_opened')).toMatchObject([{ details: { engine: 'rocksdb', adapter: 'rocksdb-native' } }])
    expect(ofKind('store_closed')).toHaveLength(1)
  },
)
