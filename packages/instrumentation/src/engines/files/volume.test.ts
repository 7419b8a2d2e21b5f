import { spawnSync } from 'node:child_process'
import type { StatsFs } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseVolume, readVolume } from './volume.ts'

test('the volume of a missing folder is undefined', async () => {
  expect(await readVolume(join(tmpdir(), 'wombat-nowhere'))).toBeUndefined()
})

test('a file system that creates inodes on demand has no count of free inodes', () => {
  const btrfs = { type: 0x9123683e, bsize: 4096, blocks: 1000, bfree: 600, bavail: 500, files: 0, ffree: 0 }
  expect(parseVolume(btrfs as StatsFs)).toEqual({
    availableBytes: 2_048_000,
    capacityBytes: 4_096_000,
    availableInodes: undefined,
  })
  const ext4 = { ...btrfs, type: 0xef53, files: 10, ffree: 0 }
  expect(parseVolume(ext4 as StatsFs)).toMatchObject({ availableInodes: 0 })
})

test.runIf(process.platform === 'linux')('capacity, available bytes and free inodes are those that df reports', async () => {
  const volume = await readVolume(tmpdir())
  const { stdout } = spawnSync('df', ['--block-size=1', '--output=size,avail,itotal,iavail', tmpdir()], { encoding: 'utf8' })
  const [capacity = Number.NaN, available = Number.NaN, inodes, freeInodes = Number.NaN] = (stdout.split('\n')[1] ?? '')
    .trim()
    .split(/\s+/)
    .map(Number)
  expect(volume?.capacityBytes).toBe(capacity)
  // Other processes write to the volume meanwhile.
  expect(Math.abs((volume?.availableBytes ?? 0) - available)).toBeLessThan(1e9)
  if (inodes === 0) expect(volume?.availableInodes).toBeUndefined()
  else expect(Math.abs((volume?.availableInodes ?? 0) - freeInodes)).toBeLessThan(100_000)
})
