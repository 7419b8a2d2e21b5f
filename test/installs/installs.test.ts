import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const program = fileURLToPath(new URL('installs.mjs', import.meta.url))
const isReachable =
  spawnSync('npm', ['view', '@opentelemetry/api@1.9.0', 'version', '--fetch-retries=0'], { timeout: 10_000 }).status === 0
const title = isReachable
  ? 'an application on SDK 2 and one on SDK 3 install and use the packages'
  : 'installations (left out: the npm registry cannot be reached)'

test.skipIf(!isReachable)(
  title,
  () => {
    const { status, stdout } = spawnSync(process.execPath, [program, '--only', 'npm', '--quick'], { encoding: 'utf8' })
    expect(stdout).toMatch(/^ok {5}npm, SDK 2\.12, API 1\.9\.0, ESM/m)
    expect(stdout).toMatch(/^ok {5}npm, SDK 3\.1, API 1\.10, ESM/m)
    expect(status, stdout).toBe(0)
  },
  120_000,
)
