import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { expect, onTestFinished, test } from 'vitest'
import { opened } from './open-history.ts'
import { samplesAt } from './sample-data.ts'

test('on a disk that fills up writing stops before the last 64 MiB, and goes on when there is room again', async ({ skip }) => {
  const folder = await temporaryFolder()
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=100m', 'tmpfs', folder], { encoding: 'utf8' })
  skip(status !== 0, `a small disk can be made by root only: ${stderr ?? 'there is no mount'}`)
  onTestFinished(() => {
    spawnSync('umount', ['-l', folder])
  })
  const { file, logger, counted } = await opened(join(folder, 'history.db'))
  file.append(1, samplesAt(1))
  const ballast = join(folder, 'ballast')
  writeFileSync(ballast, Buffer.alloc(50 * 2 ** 20))
  for (let tick = 2; tick < 5; tick++) file.append(tick, samplesAt(tick))
  expect(counted.failures).toBe(3)
  expect(file.lastSampleMs(10)).toBe(1)
  rmSync(ballast)
  file.append(5, samplesAt(5))
  expect(file.lastSampleMs(10)).toBe(5)
  expect(logger.lines.map(({ message }) => message)).toEqual([
    'the history file cannot be used: recent samples are in memory only',
    'the history file is written again',
  ])
  expect(logger.lines[0]?.fields).toMatchObject({ reason: expect.stringContaining('nothing is written below 64 MiB') })
})

test('where the disk is full all the same, nothing breaks, and what was written before stays', async ({ skip }) => {
  const folder = await temporaryFolder()
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder], { encoding: 'utf8' })
  skip(status !== 0, `a small disk can be made by root only: ${stderr ?? 'there is no mount'}`)
  onTestFinished(() => {
    spawnSync('umount', ['-l', folder])
  })
  const { file, logger, counted } = await opened(join(folder, 'history.db'), { minFreeBytes: 0 })
  for (let tick = 1; tick < 10_000 && counted.failures < 3; tick++) file.append(tick, samplesAt(tick))
  expect(counted.failures).toBe(3)
  expect(file.lastSampleMs(10_000)).toBeGreaterThan(100)
  expect(logger.lines.filter(({ level }) => level === 'error')).toMatchObject([
    { fields: { reason: expect.stringContaining('full') } },
  ])
})
