import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '@wombat/test-support/free-port'
import { nodeFlags } from '@wombat/test-support/type-stripping'
import { expect, test } from 'vitest'

const register = '@wombat/monitor/register'

/** Runs an application of this folder with the preload; returns what it prints. */
async function run(app: string, flags: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const port = await freePort()
  const env = {
    ...process.env,
    WOMBAT_PROMETHEUS_ENABLED: 'true',
    WOMBAT_PROMETHEUS_PORT: String(port),
    WOMBAT_LOG_LEVEL: 'warn',
    ...environment,
  }
  const args = [...flags, join(import.meta.dirname, app)]
  return promisify(execFile)(process.execPath, args, { env, cwd: import.meta.dirname, timeout: 30_000 })
}

/** Node 26 does not have the flag any more. */
const transformation = '--experimental-transform-types'
const canTransform = process.allowedNodeEnvironmentFlags.has(transformation)

test.each([
  ['tsx before the preload', ['--import', 'tsx', '--import', register]],
  ['tsx after the preload', ['--import', register, '--import', 'tsx']],
  ['type stripping of Node', [...nodeFlags, '--import', register]],
  ...(canTransform
    ? [['type transformation of Node', [transformation, '--disable-warning=ExperimentalWarning', '--import', register]] as const]
    : []),
] as ReadonlyArray<readonly [string, readonly string[]]>)(
  'the preload finds the stores of an application in TypeScript with %s',
  async (_what, flags) => {
    expect(await run('typed-app.ts', flags)).toEqual({ stdout: 'measured', stderr: '' })
  },
)

test('the preload finds the stores of worker threads', async () => {
  expect(await run('thread-app.mjs', ['--import', register])).toEqual({ stdout: '3', stderr: '' })
})

test('without a folder for temporary files, a process says that it serves only its own metrics', async () => {
  const environment = { TMPDIR: '/dev/null/tmp', WOMBAT_PROCESS_GROUP: 'shop' }
  const { stdout, stderr } = await run('thread-app.mjs', ['--import', register], environment)
  expect(stdout).toBe('3')
  const { reason, msg } = JSON.parse(stderr)
  expect(msg).toBe(
    'this process cannot share one address with the other processes of its service, and serves only its own metrics',
  )
  expect(reason).toMatch(/ENOTDIR.*\/dev\/null\/tmp/)
})
