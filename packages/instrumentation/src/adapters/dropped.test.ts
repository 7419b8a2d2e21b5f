import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { ClassicLevel } from 'classic-level'
import { Keyv } from 'keyv'
import { expect, onTestFinished, test } from 'vitest'
import { instrument } from '../instrument.ts'
import { MetricsRegistry } from '../registry/registry.ts'

const BetterSqlite: new (path: string) => object = createRequire(import.meta.url)('better-sqlite3')

// Without LMDB: it keeps every database that was ever opened, measured or not.
const kinds: Readonly<Record<string, () => object>> = {
  Map: () => new Map([['a', 1]]),
  Keyv: () => new Keyv(),
  'a SQLite database': () => new BetterSqlite(':memory:'),
}

test.each(Object.keys(kinds))('%s that is dropped is garbage collected, and its gauges disappear', async (kind) => {
  const registry = new MetricsRegistry()
  const measured = (): WeakRef<object> => new WeakRef(instrument((kinds[kind] as () => object)(), { name: 'cache', registry }))
  const dropped = measured()
  const gauges = () => registry.getAllMetrics().filter(({ type }) => type === 'gauge')
  expect(gauges()).not.toEqual([])
  await registry.collectors.collect()
  await collectGarbage(() => dropped.deref() === undefined)
  expect(dropped.deref()).toBeUndefined()
  expect(gauges()).toEqual([])
})

test.runIf(process.platform === 'linux')('a LevelDB that is dropped while open is collected, and its log is closed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dropped-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const registry = new MetricsRegistry()
  const use = async (): Promise<WeakRef<object>> => {
    const db = instrument(new ClassicLevel(folder), { registry })
    await db.put('a', '1')
    await registry.collectors.collectNow()
    return new WeakRef(db)
  }
  const dropped = await use()
  // The engine's own descriptor, and that of the reader.
  expect(countOpenFiles(join(folder, 'LOG'))).toBe(2)
  await collectGarbage(() => countOpenFiles(join(folder, 'LOG')) < 2)
  expect(dropped.deref()).toBeUndefined()
  expect(countOpenFiles(join(folder, 'LOG'))).toBeLessThan(2)
  expect(registry.stores.list()).toEqual([])
})

/** Collects garbage until the condition holds, or gives up after some tries. */
async function collectGarbage(condition: () => boolean): Promise<void> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let tries = 0; tries < 50 && !condition(); tries++) {
    await sleep(1)
    collect()
  }
}

function countOpenFiles(path: string): number {
  const readLink = (descriptor: string): string | undefined => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`)
    } catch {
      return undefined
    }
  }
  return readdirSync('/proc/self/fd').filter((descriptor) => readLink(descriptor) === path).length
}
