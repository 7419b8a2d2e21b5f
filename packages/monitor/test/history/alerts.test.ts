import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Alert, startMonitoring } from '@wombat/monitor'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { expect, onTestFinished, test } from 'vitest'
import { killed, start } from './child-process.ts'
import { opened, temporaryPath } from './open-history.ts'
import { quickly } from './waiting-rules.ts'

const tenMinutes = 600_000

test('alerts that wait go on waiting after the process was killed: the outage does not count, and a short rest is stretched', async () => {
  const historyPath = await temporaryPath()
  const { child, said } = start('alert-process.ts', historyPath)
  await once(child.stdout as NodeJS.ReadableStream, 'data')
  await expect.poll(() => said.out, { timeout: 10_000 }).toContain('pending')
  await sleep(500)
  await killed(child)
  const killedMs = Date.now()
  const before: Alert[] = JSON.parse(said.out.trimEnd().split('\n').at(-1) ?? '')
  expect(before.map(({ rule, state }) => [rule, state.name])).toEqual([
    ['AnHour', 'pending'],
    ['TenMinutes', 'pending'],
    ['HalfAMinute', 'pending'],
  ])
  await sleep(1000)
  const logger = collectingLogger()
  const monitoring = await startMonitoring({ ...quickly, historyPath, logger })
  onTestFinished(() => monitoring.close())
  const restoredMs = Date.now()
  const outageMs = restoredMs - killedMs
  const shifts = monitoring.alerts().map(({ state }, index) => state.activeAtMs - (before[index]?.state.activeAtMs ?? 0))
  // The outage counts from the last moment that was written, at most an interval before the end.
  for (const shift of [shifts[0], shifts[2]]) {
    expect(shift).toBeGreaterThan(outageMs - 50)
    expect(shift).toBeLessThan(outageMs + 500)
  }
  const rested = monitoring.alerts()[1]?.state.activeAtMs ?? 0
  expect(rested + tenMinutes - (restoredMs + tenMinutes)).toBeLessThanOrEqual(0)
  expect(restoredMs - rested).toBeLessThan(100)
  // The store is not there in this process: its series ends with the first moment here, and so do they.
  await expect.poll(() => monitoring.alerts(), { timeout: 5000 }).toEqual([])
  expect(logger.lines.filter(({ level }) => level === 'error')).toEqual([])
})

test('a history keeps no process alive, and what a process left that ended without closing is there', async () => {
  const historyPath = await temporaryPath()
  const { child, said } = start('ending-process.ts', historyPath)
  expect(await once(child, 'close')).toEqual([0, null])
  expect(said).toEqual({ out: '', err: '' })
  const { file } = await opened(historyPath)
  expect(Date.now() - (file.lastSampleMs(Date.now()) ?? 0)).toBeLessThan(5000)
})
