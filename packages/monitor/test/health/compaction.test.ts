import { setTimeout as sleep } from 'node:timers/promises'
import { instrument } from '@wombat/instrumentation'
import { load, smallBuffers } from '@wombat/test-support/leveldb-load'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { ClassicLevel } from 'classic-level'
import { MemoryLevel } from 'memory-level'
import { expect, onTestFinished, test } from 'vitest'
import { createHealthChecks, type HealthChecksOptions } from './health-checks.ts'
import { cannotMount, mountTmpfs } from './tmpfs.ts'

const name = 'compaction_status'

async function openLevel(location: string, options?: HealthChecksOptions) {
  const checks = createHealthChecks(options)
  const db = instrument(new ClassicLevel(location, smallBuffers), { registry: checks.registry, name: 'orders' })
  onTestFinished(() => db.close().catch(() => {}))
  await db.open()
  return { ...checks, db }
}

test('compaction of an idle LevelDB keeps up, and an engine without compaction metrics is not checked', async () => {
  const { registry, recordMetrics, runCheck, checkNames } = await openLevel(await temporaryFolder())
  await using memory = instrument(new MemoryLevel(), { registry, name: 'memory' })
  await memory.open()
  expect(checkNames('orders')).not.toContain(name)
  await recordMetrics()
  expect(checkNames('memory')).not.toContain(name)
  expect(await runCheck(name, 'orders')).toEqual({
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

test('a LevelDB that is written faster than it compacts reports the stall while it lasts', async () => {
  const { db, recordMetrics, runCheck, runAllChecks, explainResult } = await openLevel(await temporaryFolder(), {
    bounds: { leveldbLevelZeroDegradedFiles: 2, leveldbLevelZeroUnhealthyFiles: 200 },
  })
  const messages = new Set<string>()
  let isStallReported = false
  let isLoading = true
  const loaded = (async () => {
    while (isLoading) await load(db, 10)
  })()
  for (const untilMs = performance.now() + 15_000; performance.now() < untilMs && messages.size < 2; await sleep(20)) {
    await recordMetrics()
    const finding = await runCheck(name, 'orders')
    if (finding.status !== 'healthy') messages.add(finding.message)
    if (finding.reason !== 'stalled') continue
    expect(finding).toMatchObject({ status: 'unhealthy', observed: { name: 'duration of the stall', unit: 's', bound: 60 } })
    expect(finding.message).toMatch(/^Writes are stalled \((?:level0|memtable)\)$/)
    if (!isStallReported) {
      const explanation = explainResult(await runAllChecks(), name, 'orders')
      expect(explanation.nextSteps).toHaveLength(3)
    }
    isStallReported = true
  }
  isLoading = false
  await loaded
  expect(isStallReported, [...messages].join()).toBe(true)
})

test('failing background work on a full volume is critical, and its cause is the disk', async (context) => {
  const location = await temporaryFolder()
  if (!mountTmpfs(location, 'size=3m')) return context.skip(cannotMount)
  const { db, recordMetrics, runCheck, runAllChecks, explainResult } = await openLevel(location)
  await recordMetrics()
  let failed = 0
  for (let round = 0; round < 200 && failed < 5; round++) await load(db, 1).catch(() => failed++)
  const runOnNewMetrics = async () => {
    await recordMetrics()
    return runCheck(name, 'orders')
  }
  await expect.poll(runOnNewMetrics).toMatchObject({ reason: 'background_errors' })
  const all = await runAllChecks()
  expect(all.find((result) => result.name === name)).toMatchObject({
    status: 'critical',
    message: 'Background work of the database fails',
    reason: 'background_errors',
    observed: { unit: '{error}', bound: 0 },
  })
  expect(explainResult(all, name, 'orders').cause).toMatchObject({ check: 'disk_space', store: 'orders' })
})
