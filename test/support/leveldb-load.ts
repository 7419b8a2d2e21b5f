import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { MetricsRegistry } from '@wombat/instrumentation'
import { SnapshotReader } from '@wombat/monitor'
import type { ClassicLevel } from 'classic-level'

/** So small that a moment's load makes dozens of flushes and compactions. */
export const smallBuffers = { writeBufferSize: 65_536, maxFileSize: 65_536, compression: false }

let seed = 1
function random(below: number): number {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
  return seed % below
}

/** Writes entries of 400 bytes, a hundred in each batch, one batch after another. Gives the seconds each batch took. */
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

/** Waits until LevelDB has nothing more to do: a quarter of a second without a line in its log. */
export async function waitUntilIdle(db: ClassicLevel): Promise<void> {
  let size = -1
  for (let still = 0; still < 5; ) {
    await wait(50)
    const now = statSync(join(db.location, 'LOG')).size
    still = now === size ? still + 1 : 0
    size = now
  }
}

/** The property `leveldb.stats`, added up over all levels. Sizes are rounded to a megabyte, times to a second, in each level. */
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

/** How many lines of the store's logs match. */
export function countLogLines(db: ClassicLevel, pattern: RegExp, log = 'LOG'): number {
  return readFileSync(join(db.location, log), 'utf8')
    .split('\n')
    .filter((line) => pattern.test(line)).length
}

/** The size of the files whose names match. */
export function bytesOnDisk(db: ClassicLevel, pattern: RegExp): number {
  const names = readdirSync(db.location).filter((name) => pattern.test(name))
  return names.reduce((sum, name) => sum + statSync(join(db.location, name)).size, 0)
}

/** A registry and the numbers in it, as our own reader sees them. */
export function createRegistryWithReader() {
  const registry = new MetricsRegistry()
  const reader = new SnapshotReader()
  new MeterProvider({ readers: [reader] })
  reader.follow(registry)
  return {
    registry,
    /**
     * All numbers of one store, by name and, behind it, the value of the second label: a counter's and gauge's value, of a
     * histogram its count, and its sum by the name with `sum` behind it.
     */
    async numbers(store: string): Promise<Record<string, number>> {
      // A collection that comes right behind another is given what that was told.
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
