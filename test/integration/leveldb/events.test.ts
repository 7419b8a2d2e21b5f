import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { instrument, MetricsRegistry, type StoreEvent } from '@wombat/instrumentation'
import { load, smallBuffers, waitUntilIdle } from '@wombat/test-support/leveldb-load'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { ClassicLevel } from 'classic-level'
import { expect, test } from 'vitest'

/** Loads a store while its events are collected at a few moments, as a history does. Returns the last event of each number. */
async function collectEvents() {
  const registry = new MetricsRegistry()
  const received: StoreEvent[] = []
  registry.observer.onEvent((event) => received.push(event))
  const db = instrument(new ClassicLevel(await temporaryFolder()), { name: 'orders', registry })
  const startMs = Date.now()
  await db.open(smallBuffers)
  for (let round = 0; round < 4; round++) {
    await load(db as ClassicLevel, 100)
    await registry.collectors.collectNow()
  }
  await waitUntilIdle(db as ClassicLevel)
  const log = readFileSync(join((db as ClassicLevel).location, 'LOG'), 'utf8').split('\n')
  await db.close()
  await registry.collectors.collectNow()
  const endMs = Date.now()
  const last = [...new Map(received.map((event) => [event.id, event])).values()]
  const ofKind = <Kind extends StoreEvent['kind']>(kind: Kind) =>
    last.filter((event): event is Extract<StoreEvent, { kind: Kind }> => event.kind === kind)
  return { registry, received, last, ofKind, log, startMs, endMs }
}

test('a loaded LevelDB reports its flushes, compactions and stalls with the times, sizes and durations of its log', async () => {
  const { registry, received, last, ofKind, log, startMs, endMs } = await collectEvents()
  const sum = (values: ReadonlyArray<number | undefined>): number => values.reduce<number>((all, one) => all + (one ?? 0), 0)
  const counter = (name: 'db_flush_bytes_total' | 'db_compaction_output_bytes_total' | 'db_compaction_input_bytes_total') =>
    registry.counter(name, { store: 'orders' }).value
  for (const { store, startMs: fromMs, endMs: toMs = 0 } of last) {
    expect(store).toBe('orders')
    expect(fromMs).toBeGreaterThanOrEqual(startMs - 1)
    expect(toMs).toBeGreaterThanOrEqual(fromMs)
    expect(toMs).toBeLessThanOrEqual(endMs + 1)
  }

  const flushes = ofKind('flush')
  expect(flushes.length).toBeGreaterThan(20)
  expect(sum(flushes.map(({ details }) => details.bytes))).toBe(counter('db_flush_bytes_total'))
  // Each is dated by its line, although it was read later.
  const ends = log
    .filter((line) => / bytes OK$/.test(line))
    .map((line) => {
      const [, date = '', time = '', fraction = ''] = /^(\S+?)-(\S+)(\.\d{6}) /.exec(line) ?? []
      return new Date(`${date} ${time}`).getTime() + Number(fraction) * 1000
    })
  const inLog = (ms: number): boolean => ends.some((one) => Math.abs(one - ms) < 1)
  expect(flushes.filter(({ endMs }) => endMs !== undefined && inLog(endMs))).toHaveLength(flushes.length)

  const compactions = ofKind('compaction')
  expect(compactions.length).toBeGreaterThan(3)
  expect(sum(compactions.map(({ details }) => details.outputBytes))).toBe(counter('db_compaction_output_bytes_total'))
  expect(sum(compactions.map(({ details }) => details.inputBytes))).toBe(counter('db_compaction_input_bytes_total'))
  for (const { details, startMs: fromMs, endMs: toMs = 0 } of compactions) {
    expect(details).toMatchObject({ level: expect.any(Number), inputFiles: expect.any(Number), outputFiles: expect.any(Number) })
    expect((toMs - fromMs) / 1000).toBeCloseTo(details.durationSeconds ?? Number.NaN, 3)
  }

  const stalls = ofKind('write_stall')
  expect(stalls.length).toBeGreaterThan(0)
  for (const { id, details, startMs: fromMs, endMs: toMs = 0 } of stalls) {
    expect(['memtable', 'level0']).toContain(details.cause)
    expect((toMs - fromMs) / 1000).toBeCloseTo(details.durationSeconds ?? Number.NaN, 3)
    // First without an end.
    const [first, ...others] = received.filter((event) => event.id === id)
    expect(first).toMatchObject({ kind: 'write_stall', endMs: undefined })
    expect(others).toHaveLength(1)
  }
  expect(ofKind('store_opened')).toMatchObject([{ details: { engine: 'leveldb', adapter: 'abstract-level' } }])
  expect(ofKind('store_closed')).toHaveLength(1)
  expect(JSON.stringify(received)).not.toContain('/')
})

test('a listener that throws disturbs neither the store nor its metrics, and is counted', async () => {
  const registry = new MetricsRegistry()
  registry.warn = () => {}
  registry.observer.onEvent(() => {
    throw new Error('broken')
  })
  const db = instrument(new ClassicLevel(await temporaryFolder()), { name: 'orders', registry })
  await db.open(smallBuffers)
  await load(db as ClassicLevel, 50)
  await waitUntilIdle(db as ClassicLevel)
  await registry.collectors.collectNow()
  await db.close()
  expect(registry.counter('db_flush_operations_total', { store: 'orders' }).value).toBeGreaterThan(3)
  expect(registry.counter('wombat_monitor_callout_failures_total', { target: 'listener' }).value).toBeGreaterThan(3)
})
