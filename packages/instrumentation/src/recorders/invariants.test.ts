import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as aMoment } from 'node:timers/promises'
import { type Histogram, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { randomFrom as random } from '@wombat/test-support/random'
import type { AbstractLevel } from 'abstract-level'
import { ClassicLevel } from 'classic-level'
import { MemoryLevel } from 'memory-level'
import { afterAll, expect, test } from 'vitest'
import { instrument, uninstrument } from '../instrument.ts'
import type { Metric } from '../metrics/metric.ts'
import { operationMetrics, operations } from '../metrics/semconv.ts'
import { bindToMeter } from '../otel/bind-to-meter.ts'
import { MetricsRegistry } from '../registry/registry.ts'

type Database = AbstractLevel<string | Uint8Array, string, string>
type Engine = (this: unknown, ...args: unknown[]) => unknown

const folders = mkdtempSync(join(tmpdir(), 'invariants-'))
afterAll(() => rmSync(folders, { recursive: true, force: true }))

class ManualReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/** Makes every tenth call of the engine fail, synchronously or asynchronously, with one of several errors. */
function unreliable<Store extends Database>(db: Store, next: () => number): Store {
  const errors = [
    Object.assign(new Error('io'), { code: 'LEVEL_IO_ERROR' }),
    Object.assign(new Error('bad'), { code: 'LEVEL_CORRUPTION' }),
    new Error('other'),
    'no error at all',
  ]
  const methods = ['_get', '_getMany', '_has', '_hasMany', '_put', '_del', '_batch', '_clear']
  for (const method of methods) {
    const original = Reflect.get(db, method) as Engine
    Reflect.set(db, method, function (this: unknown, ...args: unknown[]) {
      if (next() > 0.1) return original.apply(this, args)
      const error = errors[Math.floor(next() * errors.length)]
      if (next() < 0.5) throw error
      return Promise.reject(error)
    })
  }
  return db
}

/** Runs 2000 random operations, up to 50 at once. Returns how many failed for their callers. */
async function load(db: Database, next: () => number): Promise<number> {
  const key = (): string => `key-${Math.floor(next() * 100)}`
  const choices: ReadonlyArray<() => Promise<unknown>> = [
    () => db.get(key()),
    () => db.put(key(), 'x'.repeat(next() * 100)),
    () => db.del(key()),
    () => db.has(key()),
    () => db.hasMany([key(), key()]),
    () => db.getMany([key(), key(), key()]),
    () => db.batch([1, 2, 3].map(() => ({ type: 'put', key: key(), value: 'x' }))),
    () => db.batch().put(key(), 'x').del(key()).write(),
    () => db.clear({ gte: key(), limit: 2 }),
    () => db.iterator({ limit: 5 }).all(),
    () => db.keys({ gte: key() }).all(),
    () => db.sublevel('part').put(key(), 'x'),
    () => db.sublevel('part').values().all(),
  ]
  let failed = 0
  let pending: Promise<void>[] = []
  for (let started = 0; started < 2000; started++) {
    const operation = choices[Math.floor(next() * choices.length)] as () => Promise<unknown>
    pending.push(
      operation().then(
        () => {},
        () => {
          failed++
        },
      ),
    )
    if (pending.length < 50) continue
    await Promise.all(pending)
    pending = []
  }
  await Promise.all(pending)
  return failed
}

const valueOrCount = ({ value }: Metric): number => (typeof value === 'number' ? value : value.count)

const stores: Record<string, () => Database> = {
  'memory-level': () => new MemoryLevel(),
  'classic-level': () => new ClassicLevel(mkdtempSync(join(folders, 'db-'))),
}

for (const [kind, create] of Object.entries(stores)) {
  test(`${kind}: after a mixed load with failures, the metrics are consistent with each other and with the callers`, async () => {
    const next = random(4711)
    const registry = new MetricsRegistry({ semconv: 'both' })
    const reader = new ManualReader()
    bindToMeter(registry, new MeterProvider({ readers: [reader] }).getMeter('test'))
    const db = instrument(unreliable(create(), next), { name: 'db', registry })
    await db.open()
    const failed = await load(db, next)
    await aMoment()

    const all = registry.getAllMetrics()
    const total = (name: string, labels: Record<string, string> = {}): number =>
      all
        .filter((metric) => metric.name === name && Object.entries(labels).every(([key, value]) => metric.labels[key] === value))
        .reduce((sum, metric) => sum + valueOrCount(metric), 0)
    const { resourceMetrics } = await reader.collect()
    const exported = resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics)
    const exportedCount = (name: string): number =>
      (exported.find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? [])
        .map(({ value }) => (typeof value === 'number' ? value : (value as Histogram).count))
        .reduce((sum, value) => sum + value, 0)

    let errors = 0
    for (const operation of operations) {
      const names = operationMetrics(operation)
      const count = total(names.operations)
      expect(count, `${operation} count`).toBeGreaterThan(50)
      expect(total(names.latency), names.latency).toBe(count)
      expect(total(names.errors), names.errors).toBeLessThanOrEqual(count)
      expect(total('db_errors_total', { operation }), `db_errors_total of ${operation}`).toBe(total(names.errors))
      expect(total('db.client.operation.duration', { 'db.operation.name': operation })).toBe(count)
      expect([exportedCount(names.operations), exportedCount(names.latency), exportedCount(names.errors)]).toEqual([
        count,
        count,
        total(names.errors),
      ])
      errors += total(names.errors)
    }
    expect(failed).toBeGreaterThan(100)
    expect(errors).toBe(failed)
    expect(total('db_queue_depth')).toBe(0)
    expect(total('db_open_iterators')).toBe(0)
    uninstrument(db)
    await db.close()
  })
}
