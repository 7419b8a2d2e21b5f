import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { readSecret } from './secret.ts'

test('a secret is a text, a file or an environment variable', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'wombat-secret-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  await writeFile(join(directory, 'token'), 'from file\n')
  vi.stubEnv('WOMBAT_TEST_SECRET', 'from environment')
  onTestFinished(() => void vi.unstubAllEnvs())
  expect(await readSecret('as it is', 'the token')).toBe('as it is')
  expect(await readSecret({ file: join(directory, 'token') }, 'the token')).toBe('from file')
  expect(await readSecret({ env: 'WOMBAT_TEST_SECRET' }, 'the token')).toBe('from environment')
})

test('a file is read at each use, so that the secret can be rotated', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'wombat-secret-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const secret = { file: join(directory, 'token') }
  await writeFile(secret.file, 'old')
  await readSecret(secret, 'the token')
  await writeFile(secret.file, 'new')
  expect(await readSecret(secret, 'the token')).toBe('new')
})

test('a secret that cannot be read is named by what it is for', async () => {
  await expect(readSecret({ file: '/nowhere/token' }, 'the token')).rejects.toThrow('cannot read the token from its file: ENOENT')
  await expect(readSecret({ env: 'WOMBAT_NOT_THERE' }, 'the token')).rejects.toThrow(
    'cannot read the token: the environment variable WOMBAT_NOT_THERE is not set',
  )
})
