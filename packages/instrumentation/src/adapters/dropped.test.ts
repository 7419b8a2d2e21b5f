import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Keyv } from 'keyv'
import { expect, test } from 'vitest'
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
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let tries = 0; tries < 20 && dropped.deref() !== undefined; tries++) {
    await sleep(1)
    collect()
  }
  expect(dropped.deref()).toBeUndefined()
  expect(gauges()).toEqual([])
})
