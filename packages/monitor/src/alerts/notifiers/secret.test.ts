import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { reveal } from './secret.ts'

test('a secret is given as it is, in a file or in the environment', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wombat-secret-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'token'), 'from file\n')
  vi.stubEnv('WOMBAT_TEST_SECRET', 'from environment')
  onTestFinished(() => void vi.unstubAllEnvs())
  expect(await reveal('as it is', 'the token')).toBe('as it is')
  expect(await reveal({ file: join(folder, 'token') }, 'the token')).toBe('from file')
  expect(await reveal({ env: 'WOMBAT_TEST_SECRET' }, 'the token')).toBe('from environment')
})

test('a file is read anew at each use, so that a secret can be changed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wombat-secret-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const secret = { file: join(folder, 'token') }
  await writeFile(secret.file, 'old')
  await reveal(secret, 'the token')
  await writeFile(secret.file, 'new')
  expect(await reveal(secret, 'the token')).toBe('new')
})

test('a place without a secret is named by what it was for', async () => {
  await expect(reveal({ file: '/nowhere/token' }, 'the token')).rejects.toThrow('the token cannot be read from its file: ENOENT')
  await expect(reveal({ env: 'WOMBAT_NOT_THERE' }, 'the token')).rejects.toThrow(
    'the token is not in the environment: WOMBAT_NOT_THERE',
  )
})
