import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { instrument, MetricsRegistry } from '@wombat/instrumentation'
import { randomFrom } from '@wombat/test-support/random'
import { expect, onTestFinished, test } from 'vitest'

interface Store {
  batch(entries: object[]): Promise<void>
  close(): Promise<void>
  open(): Promise<unknown>
}

const require = createRequire(import.meta.url)
const options = { writeBufferSize: 65_536, maxFileSize: 2 ** 20 }

const kinds: Readonly<Record<string, (location: string) => Store>> = {
  'classic-level 1': (location) => new (require('classic-level1').ClassicLevel)(location, options),
  'level 8': (location) => new (require('level8').Level)(location, options),
  'levelup on leveldown': (location) => require('levelup')(require('encoding-down')(require('leveldown')(location)), options),
}

function tableBytes(location: string): number {
  const tables = readdirSync(location).filter((name) => name.endsWith('.ldb'))
  return tables.reduce((sum, name) => sum + (statSync(join(location, name), { throwIfNoEntry: false })?.size ?? 0), 0)
}

for (const [kind, create] of Object.entries(kinds)) {
  test(`${kind} reports what the log and the files of its LevelDB contain, over two lives`, async () => {
    const location = mkdtempSync(join(tmpdir(), 'older-packages-'))
    onTestFinished(() => rmSync(location, { recursive: true, force: true }))
    const random = randomFrom(1)
    const registry = new MetricsRegistry()
    const read = async (metric: string): Promise<number> => {
      await registry.collectors.collectNow()
      return registry
        .getAllMetrics()
        .filter(({ name }) => name === metric)
        .reduce((sum, { value }) => sum + Number(value), 0)
    }
    let [flushes, compactions] = [0, 0]
    for (let life = 0; life < 2; life++) {
      const db = instrument(create(location), { name: 'db', registry })
      for (let count = 0; count < 1000; count++) {
        const entry = () => ({ type: 'put', key: String(random()), value: 'x'.repeat(100) })
        await db.batch(Array.from({ length: 10 }, entry))
      }
      // LevelDB deletes the inputs of a compaction some time after it.
      const difference = async (): Promise<number> => (await read('db_sstable_bytes')) - tableBytes(location)
      await expect.poll(difference, { timeout: 20_000 }).toBe(0)
      expect(await read('db_total_memory_bytes')).toBeGreaterThan(0)
      await db.close()
      const log = readFileSync(join(location, 'LOG'), 'utf8')
      flushes += log.match(/Level-0 table #\d+: [1-9]\d* bytes OK/g)?.length ?? 0
      compactions += log.match(/Compacted \d/g)?.length ?? 0
      expect([await read('db_flush_operations_total'), await read('db_compaction_operations_total')]).toEqual([
        flushes,
        compactions,
      ])
    }
    expect(flushes).toBeGreaterThan(10)
    expect(compactions).toBeGreaterThan(2)
  })
}
