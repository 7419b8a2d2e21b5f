import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { MetricsRegistry } from '@wombat/instrumentation'
import { SnapshotReader } from '@wombat/monitor'
import type { ClassicLevel } from 'classic-level'

/** Buffers so small that a short load causes dozens of flushes and compactions. */
export const smallBuffers = { writeBufferSize: 65_536, maxFileSize: 65_536, compression: false }

let seed = 1
function random(below: number): number {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
  return seed % below
}

/** Writes batches of 100 entries of 400 bytes, one after another. Returns the duration of each batch in seconds. */
export async function load(db: ClassicLevel, batches: number): Promise<number[]> {
  const seconds: number[] = []
  for (let batch = 0; batch < batches; batch++) {
    const entries = Array.from({ length: 100 }, () => {
      const key = random(1_000_000).toString().padStart(7, '0')
      return { type: 'put' as const, key, value: key.repeat(60).slice(0, 400) }
    })
    const startMs = performance.now()
    await db.batch(entries)
    seconds.push((performance.now() - startMs) / 1000)
  }
  return seconds
}

/** Waits until LevelDB has no more background work: its log has not grown for 250 ms. */
export async function waitUntilIdle(db: ClassicLevel): Promise<void> {
  let size = -1
  for (let still = 0; still < 5; ) {
    await wait(50)
    const now = statSync(join(db.location, 'LOG')).size
    still = now === size ? still + 1 : 0
    size = now
  }
}

/** Returns the property `leveldb.stats`, summed over all levels. Each level is rounded to megabytes and seconds. */
export function readStats(db: ClassicLevel) {
  const rows = db
    .getProperty('leveldb.stats')
    .split('\n')
    .slice(3)
    .map((row) => row.trim().split(/\s+/).map(Number))
    .filter(({ length }) => length === 6)
  const total = (column: number): number => rows.reduce((sum, row) => sum + (row[column] ?? 0), 0)
  return { rows, files: total(1), megabytes: total(2), seconds: total(3), readMegabytes: total(4), writtenMegabytes: total(5) }
}

/** Returns the number of lines in the store's log that match. */
export function countLogLines(db: ClassicLevel, pattern: RegExp, log = 'LOG'): number {
  return readFileSync(join(db.location, log), 'utf8')
    .split('\n')
    .filter((line) => pattern.test(line)).length
}

/** Returns the total size of the files whose names match. */
export function bytesOnDisk(db: ClassicLevel, pattern: RegExp): number {
  const names = readdirSync(db.location).filter((name) => pattern.test(name))
  return names.reduce((sum, name) => sum + statSync(join(db.location, name)).size, 0)
}

/** Creates a registry and a function that reads its values through a SnapshotReader. */
export function createRegistryWithReader() {
  const registry = new MetricsRegistry()
  const reader = new SnapshotReader()
  new MeterProvider({ readers: [reader] })
  reader.follow(registry)
  return {
    registry,
    /**
     * Returns all values of one store. The key is the metric's name, followed by the value of its second label if it has one. A
     * histogram has two keys: its name for the count, and its name followed by `sum` for the sum.
     */
    async numbers(store: string): Promise<Record<string, number>> {
      // Engines are read at most once in 20 ms.
      await wait(25)
      const own = (await reader.take()).points.filter(({ attributes }) => attributes['store'] === store)
      return Object.fromEntries(
        own.flatMap((point) => {
          const { store: _store, ...others } = point.attributes
          const name = [point.metric, ...Object.values(others)].join(' ')
          if (!('count' in point)) return [[name, point.value]]
          return [
            [name, point.count],
            [`${name} sum`, point.sum],
          ]
        }),
      )
    },
  }
}
