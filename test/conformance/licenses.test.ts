import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { installedPackages, isAllowed, permissiveLicenses, publishedDependencies, toolLicenses } from '../scripts/licenses.ts'

const root = join(import.meta.dirname, '../..')

/** Returns packages in the form that a failed test prints. */
function describeAll(packages: ReadonlyArray<{ readonly name: string; readonly version: string; readonly license: string }>) {
  return packages.map(({ name, version, license }) => `${name}@${version}: ${license}`)
}

test('every installed package has a license that is allowed', () => {
  const installed = installedPackages()
  expect(installed.length).toBeGreaterThan(300)
  expect(describeAll(installed.filter(({ license }) => !isAllowed(license, toolLicenses)))).toEqual([])
})

test('the packages depend, directly or not, only on those with a permissive license', () => {
  const needed = publishedDependencies()
  expect(needed.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['hono', 'pino', 'bcryptjs', '@opentelemetry/core', 'ms']),
  )
  expect(describeAll(needed.filter(({ license }) => !isAllowed(license, permissiveLicenses)))).toEqual([])
})

test.each(['bundle', 'page'])('what is part of the console (%s) has a permissive license, whose text is with it', (part) => {
  const text = readFileSync(join(root, 'packages/console/dist', part, 'licenses.txt'), 'utf8')
  const bundled = [...text.matchAll(/^## (\S+) - (\S+) \((.+)\)$/gm)].map(([, name = '', version = '', license = '']) => {
    return { name, version, license }
  })
  expect(bundled.length).toBeGreaterThan(3)
  expect(describeAll(bundled.filter(({ license }) => !isAllowed(license, permissiveLicenses)))).toEqual([])
})

test.each([
  ['MIT', true],
  ['(MIT OR GPL-3.0)', true],
  ['MIT AND GPL-3.0', false],
  ['(Apache-2.0 AND BSD-3-Clause)', true],
  ['GPL-3.0-or-later', false],
  ['SEE LICENSE IN FILE', false],
  ['none', false],
])('the license %s is allowed: %s', (license, expected) => {
  expect(isAllowed(license, permissiveLicenses)).toBe(expected)
})
