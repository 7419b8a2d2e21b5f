import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Alert, startMonitoring } from '@wombat/monitor'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { expect, onTestFinished, test } from 'vitest'
import { kill, start } from './child-process.ts'
import { opened, temporaryPath } from './open-history.ts'
import { fastOptions } from './waiting-rules.ts'

test('after its process was killed, a pending alert continues: the outage does not count, and at least ten minutes remain', async () => {
  const historyPath = await temporaryPath()
  const { child, output } = start('alert-process.ts', historyPath)
  await expect.poll(() => output.stdout, { timeout: 10_000 }).toContain('pending')
  await kill(child)
  const killedMs = Date.now()
  const before: Alert[] = JSON.parse(output.stdout.trimEnd().split('\n').at(-1) ?? '')
  expect(before.map(({ rule, state }) => [rule, state.name])).toEqual([
    ['AnHour', 'pending'],
    ['TenMinutes', 'pending'],
    ['HalfAMinute', 'pending'],
  ])
  await sleep(1000)
  const logger = collectingLogger()
  const startingMs = Date.now()
  const monitoring = await startMonitoring({ ...fastOptions, historyPath, logger })
  onTestFinished(() => monitoring.close())
  const startedMs = Date.now()
  const beforeMs = before.map(({ state }) => state.activeAtMs)
  const afterMs = monitoring.alerts().map(({ state }) => state.activeAtMs)
  for (const index of [0, 2]) {
    const shiftMs = (afterMs[index] ?? 0) - (beforeMs[index] ?? 0)
    expect(shiftMs).toBeGreaterThanOrEqual(startingMs - killedMs)
    // The outage starts at the last sample or saved alert of the killed process.
    expect(shiftMs).toBeLessThanOrEqual(startedMs - (beforeMs[index] ?? 0))
  }
  // Less than ten minutes remained, so ten minutes remain: as if the alert had become pending now.
  expect(afterMs[1]).toBeGreaterThanOrEqual(startingMs)
  expect(afterMs[1]).toBeLessThanOrEqual(startedMs)
  // This process has no such store: the series ends with its first sample, and the alerts end with it.
  await expect.poll(() => monitoring.alerts(), { timeout: 5000 }).toEqual([])
  expect(logger.lines.filter(({ level }) => level === 'error')).toEqual([])
})

test('a history does not keep the process alive, and is complete if the process ends without closing it', async () => {
  const historyPath = await temporaryPath()
  const { child, output } = start('ending-process.ts', historyPath)
  expect(await once(child, 'close')).toEqual([0, null])
  expect(output).toEqual({ stdout: '', stderr: '' })
  const { file } = await opened(historyPath)
  expect(Date.now() - (file.lastSampleMs(Date.now()) ?? 0)).toBeLessThan(5000)
})

test('a process that only waits for a restored history does not end before it is restored', async () => {
  const { child, output } = start('restoring-process.ts', await temporaryPath())
  expect(await once(child, 'close')).toEqual([0, null])
  expect(output).toEqual({ stdout: 'restored\n', stderr: '' })
})
