import { setTimeout as wait } from 'node:timers/promises'
import { instrument } from '@wombat/instrumentation'
import { load, small } from '@wombat/test-support/leveldb-load'
import { ClassicLevel } from 'classic-level'
import { MemoryLevel } from 'memory-level'
import { expect, onTestFinished, test } from 'vitest'
import { folder, mounted, noMount } from './folders.ts'
import { watched } from './health-checks.ts'

const name = 'compaction_status'

async function levelIn(location: string, options?: Parameters<typeof watched>[0]) {
  const seen = watched(options)
  const db = instrument(new ClassicLevel(location, small), { registry: seen.registry, name: 'orders' })
  onTestFinished(() => db.close().catch(() => {}))
  await db.open()
  return { ...seen, db }
}

test('a LevelDB at rest keeps up, and an engine that tells nothing of compaction is not checked', async () => {
  const { registry, remember, look, names } = await levelIn(folder())
  await instrument(new MemoryLevel(), { registry, name: 'memory' }).open()
  expect(names('orders')).not.toContain(name)
  await remember()
  expect(names('memory')).not.toContain(name)
  expect(await look(name, 'orders')).toEqual({
    status: 'healthy',
    message: 'Compaction keeps up',
    observed: {
      name: 'files in level 0',
      value: 0,
      unit: '{file}',
      bound: 8,
      series: { metric: 'db_level_files', labels: { store: 'orders', level: '0' } },
    },
  })
})

test('a LevelDB that is written to faster than it compacts stalls, and that is said while it lasts', async () => {
  const { db, remember, look, lookAtAll, explained } = await levelIn(folder(), {
    bounds: { leveldbLevelZeroDegradedFiles: 2, leveldbLevelZeroUnhealthyFiles: 200 },
  })
  const messages = new Set<string>()
  let seen = false
  let loading = true
  const loaded = (async () => {
    while (loading) await load(db, 10)
  })()
  for (const untilMs = performance.now() + 15_000; performance.now() < untilMs && messages.size < 2; await wait(20)) {
    await remember()
    const finding = await look(name, 'orders')
    if (finding.status !== 'healthy') messages.add(finding.message)
    if (finding.reason !== 'stalled') continue
    expect(finding).toMatchObject({ status: 'unhealthy', observed: { name: 'duration of the stall', unit: 's', bound: 60 } })
    expect(finding.message).toMatch(/^Writes are stalled \((?:level0|memtable)\)$/)
    if (!seen) {
      const explanation = explained(await lookAtAll(), name, 'orders')
      expect(explanation.nextSteps).toHaveLength(3)
    }
    seen = true
  }
  loading = false
  await loaded
  expect(seen, [...messages].join()).toBe(true)
})

test('background work that fails, on a volume without room, is critical and comes from the disk', async (context) => {
  const location = folder()
  if (!mounted(location, 'size=3m')) return context.skip(noMount)
  const { db, remember, lookAtAll, explained } = await levelIn(location)
  await remember()
  let failed = 0
  for (let round = 0; round < 200 && failed < 5; round++) await load(db, 1).catch(() => failed++)
  await wait(200)
  await remember()
  const all = await lookAtAll()
  expect(all.find((result) => result.name === name)).toMatchObject({
    status: 'critical',
    message: 'Background work of the database fails',
    reason: 'background_errors',
    observed: { unit: '{error}', bound: 0 },
  })
  expect(explained(all, name, 'orders').cause).toMatchObject({ check: 'disk_space', store: 'orders' })
})
