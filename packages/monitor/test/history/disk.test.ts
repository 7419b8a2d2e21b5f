import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { expect, onTestFinished, test } from 'vitest'
import { opened } from './open-history.ts'
import { createSamples } from './sample-data.ts'

test('on a disk that fills up, writing stops at 64 MiB of free space and resumes when there is more', async ({ skip }) => {
  const directory = await temporaryFolder()
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=100m', 'tmpfs', directory], { encoding: 'utf8' })
  skip(status !== 0, `only root can mount a small disk: ${stderr ?? 'mount was not found'}`)
  onTestFinished(() => {
    spawnSync('umount', ['-l', directory])
  })
  const { file, logger, counted } = await opened(join(directory, 'history.db'))
  file.append(1, createSamples(1))
  const ballast = join(directory, 'ballast')
  writeFileSync(ballast, Buffer.alloc(50 * 2 ** 20))
  for (let index = 2; index < 5; index++) file.append(index, createSamples(index))
  expect(counted.failures).toBe(3)
  expect(file.lastSampleMs(10)).toBe(1)
  rmSync(ballast)
  file.append(5, createSamples(5))
  expect(file.lastSampleMs(10)).toBe(5)
  expect(logger.lines.map(({ message }) => message)).toEqual([
    'the history file cannot be used: recent samples are in memory only',
    'the history file is written again',
  ])
  expect(logger.lines[0]?.fields).toMatchObject({ reason: expect.stringContaining('nothing is written below 64 MiB') })
})

test('on a full disk, writes fail without an exception, and earlier samples stay', async ({ skip }) => {
  const directory = await temporaryFolder()
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', directory], { encoding: 'utf8' })
  skip(status !== 0, `only root can mount a small disk: ${stderr ?? 'mount was not found'}`)
  onTestFinished(() => {
    spawnSync('umount', ['-l', directory])
  })
  const { file, logger, counted } = await opened(join(directory, 'history.db'), { minFreeBytes: 0 })
  for (let index = 1; index < 10_000 && counted.failures < 3; index++) file.append(index, createSamples(index))
  expect(counted.failures).toBe(3)
  expect(file.lastSampleMs(10_000)).toBeGreaterThan(100)
  expect(logger.lines.filter(({ level }) => level === 'error')).toMatchObject([
    { fields: { reason: expect.stringContaining('full') } },
  ])
})
