import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cleanEnvironment } from '@wombat/test-support/clean-environment'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const jest = 'jest@30.5.2'
const instrumentation = join(import.meta.dirname, '../../../packages/instrumentation')
const isReachable = spawnSync('npm', ['view', jest, 'version', '--fetch-retries=0'], { timeout: 10_000 }).status === 0

const check = "test('a store is measured', () => expect(instrument(new Map(), { name: 'a' }).set('a', 1).get('a')).toBe(1))\n"

/** Whether Jest can `require()` an ES module on this version of Node. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const canRequire = major > 24 || (major === 24 && minor >= 9)

describe.skipIf(!isReachable)(isReachable ? 'Jest' : 'Jest (left out: the npm registry cannot be reached)', () => {
  let folder: string
  beforeAll(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'wombat-jest-')))
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, jest: { testMatch: ['**/*.check.*'] } }))
    spawnSync('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts', jest], { cwd: folder })
    mkdirSync(join(folder, 'node_modules/@wombat'))
    symlinkSync(instrumentation, join(folder, 'node_modules/@wombat/instrumentation'))
    writeFileSync(join(folder, 'esm.check.mjs'), `import { instrument } from '@wombat/instrumentation'\n${check}`)
    writeFileSync(join(folder, 'cjs.check.js'), `const { instrument } = require('@wombat/instrumentation')\n${check}`)
  }, 120_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const run = (file: string, ...options: string[]) =>
    spawnSync(process.execPath, [...options, 'node_modules/jest/bin/jest.js', file], {
      cwd: folder,
      env: cleanEnvironment(),
      encoding: 'utf8',
    })

  test.each(['esm.check.mjs', 'cjs.check.js'])('without the option of the README, it cannot load the package in %s', (file) => {
    const { status, stderr } = run(file)
    expect(stderr).toContain('Must use import to load ES Module')
    expect(status).toBe(1)
  })

  test('with it, it loads the package by import', () => {
    const { status, stderr } = run('esm.check.mjs', '--experimental-vm-modules')
    expect(status, stderr).toBe(0)
  })

  test('with it, it loads the package by require() on Node 24.9 and later', () => {
    const { status, stderr } = run('cjs.check.js', '--experimental-vm-modules')
    expect(status, stderr).toBe(canRequire ? 0 : 1)
  })
})
