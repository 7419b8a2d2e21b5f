import { execFile } from 'node:child_process'
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { instrument } from '@wombat/instrumentation'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { nodeFlags } from '@wombat/test-support/type-stripping'
import { ClassicLevel } from 'classic-level'
import { MemoryLevel } from 'memory-level'
import { expect, onTestFinished, test } from 'vitest'
import { HealthMonitor } from '../../src/health/monitor.ts'
import { createHealthChecks } from './health-checks.ts'
import { holdThreadPool } from './hold-thread-pool.ts'

function block(ms: number): void {
  for (const untilMs = performance.now() + ms; performance.now() < untilMs; );
}

test('a block of the event loop is reported once, with its duration', async () => {
  const { nextTick, runCheck } = createHealthChecks()
  await nextTick()
  await runCheck('responsiveness')
  await nextTick()
  expect(await runCheck('responsiveness')).toMatchObject({ status: 'healthy', message: 'The process is responsive' })
  block(1200)
  await nextTick()
  const finding = await runCheck('responsiveness')
  expect(finding).toMatchObject({ status: 'degraded', reason: 'event_loop', observed: { unit: 's', bound: 1 } })
  expect(finding.message).toMatch(/^The event loop was blocked for 1\.\d s$/)
  await nextTick()
  expect(await runCheck('responsiveness')).toMatchObject({ status: 'healthy' })
})

test('a full thread pool is reported with the duration of the wait', async () => {
  const { nextTick, process, runCheck } = createHealthChecks()
  await holdThreadPool(await temporaryFolder(), process.poolSize, 2500)
  await nextTick()
  const finding = await runCheck('responsiveness')
  expect(finding).toMatchObject({ status: 'degraded', reason: 'thread_pool', observed: { unit: 's', bound: 1 } })
  expect(finding.message).toMatch(new RegExp(`^All ${process.poolSize} threads of the pool were busy for [12]\\.\\d s$`))
})

test('a check that times out is explained by what it waited for: the store, or the event loop', async () => {
  const { registry, nextTick, source, explain } = createHealthChecks()
  const slow = new MemoryLevel<string, string>()
  instrument(slow, { registry, name: 'slow' })
  await slow.open()
  const put = Reflect.get(slow, '_put') as (...args: unknown[]) => Promise<void>
  let delay = (): unknown => sleep(2000)
  Object.defineProperty(slow, '_put', {
    value: async (...args: unknown[]) => {
      await delay()
      return put.apply(slow, args)
    },
  })
  const only = () => source().filter(({ name }) => name === 'database_connectivity')
  const findCause = async (): Promise<unknown> => {
    const monitor = new HealthMonitor({ intervalMs: 60_000, timeoutMs: 1000, sources: [only], explain })
    onTestFinished(() => monitor.close())
    const [result] = await monitor.runHealthChecks()
    expect(result).toMatchObject({ status: 'unhealthy', reason: 'timeout' })
    return result?.cause?.message
  }
  await nextTick()
  expect(await findCause()).toMatch(/^The store itself is slow/)
  delay = async () => {
    await new Promise((resolve) => setImmediate(resolve))
    block(700)
    await sleep(1000)
  }
  expect(await findCause()).toMatch(/^JavaScript blocked the event loop/)
})

test('a check that times out while the thread pool is full is explained by that', async () => {
  const { registry, nextTick, source, explain, process } = createHealthChecks()
  const folder = await temporaryFolder()
  const db = instrument(new ClassicLevel(join(folder, 'db')), { registry, name: 'orders' })
  onTestFinished(() => db.close())
  await db.open()
  await nextTick()
  const only = () => source().filter(({ name }) => name === 'database_connectivity')
  const monitor = new HealthMonitor({ intervalMs: 60_000, timeoutMs: 2000, sources: [only], explain })
  onTestFinished(() => monitor.close())
  const held = holdThreadPool(folder, process.poolSize, 2500)
  const [result] = await monitor.runHealthChecks()
  expect(result).toMatchObject({
    status: 'unhealthy',
    reason: 'timeout',
    runbookUrl: '@wombat/monitor/RUNBOOK.md#database_connectivity',
  })
  expect(result?.cause?.message).toMatch(/^Work other than store operations fills the thread pool/)
  await held
})

test('the memory of the process is compared with the configured limit', async () => {
  const { rss } = process.memoryUsage()
  const runAt = async (share: number, previous: 'healthy' | 'degraded' = 'healthy') =>
    createHealthChecks({ memoryLimitBytes: Math.round(rss / share) }).runCheck('memory_usage', undefined, previous)
  expect(await runAt(0.4)).toMatchObject({ status: 'healthy', message: 'Sufficient memory available', observed: { unit: 'By' } })
  expect(await runAt(0.85)).toMatchObject({ status: 'degraded', message: 'High memory usage' })
  expect(await runAt(0.93)).toMatchObject({ status: 'unhealthy', message: 'Very high memory usage' })
  expect(await runAt(1.1)).toMatchObject({ status: 'critical', message: 'Memory is almost exhausted' })
  expect(await runAt(0.77, 'degraded')).toMatchObject({ status: 'degraded', message: 'High memory usage' })
})

const group = join('/sys/fs/cgroup/memory', `wombat-health-${process.pid}`)

test('a process in a control group with a small limit is compared with that limit, and the largest part is the reason', async (context) => {
  const limitBytes = 320 * 2 ** 20
  try {
    mkdirSync(group)
    onTestFinished(() => rmdirSync(group))
    writeFileSync(join(group, 'memory.limit_in_bytes'), String(limitBytes))
  } catch {
    return context.skip('no memory control group of version 1 can be created here')
  }
  const checks = join(import.meta.dirname, '../../src/health')
  const script = `
    const { writeFileSync, readFileSync } = await import('node:fs')
    writeFileSync('${group}/cgroup.procs', String(process.pid))
    const { memoryUsage } = await import('${checks}/checks/memory-usage.ts')
    const { defaultHealthBounds } = await import('${checks}/bounds.ts')
    const { TimeSeries } = await import('${checks}/../history/memory/time-series.ts')
    const used = () => Number(readFileSync('${group}/memory.usage_in_bytes', 'utf8'))
    const check = memoryUsage.create({ history: new TimeSeries() }, defaultHealthBounds)
    const run = () => check.run({ nowMs: 0, previousStatus: 'healthy' })
    const findings = [run()]
    const held = []
    for (const share of [0.84, 0.93]) {
      while (used() < share * ${limitBytes}) held.push(Buffer.alloc(2 ** 20, 1))
      findings.push(run())
    }
    console.log(JSON.stringify({ findings, held: held.length }))`
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...nodeFlags,
    '--conditions=source',
    '--input-type=module',
    '-e',
    script,
  ])
  const { findings } = JSON.parse(stdout)
  expect(limitBytes).toBeLessThan(totalmem())
  expect(findings[0]).toMatchObject({ status: 'healthy', message: 'Sufficient memory available' })
  expect(findings[1]).toMatchObject({ status: 'degraded', message: 'High memory usage', reason: 'external' })
  expect(findings[2]).toMatchObject({ status: 'unhealthy', message: 'Very high memory usage', reason: 'external' })
  expect(findings[2].observed).toMatchObject({ unit: 'By', bound: 0.9 * limitBytes })
})
