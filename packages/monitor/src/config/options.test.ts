import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { options } from './options.ts'

const root = join(import.meta.dirname, '..')

/** Everything outside the configuration's own files, without comments: where an option is named here, something reads it. */
const readers = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.startsWith('config/'))
  .map((name) => readFileSync(join(root, name), 'utf8').replaceAll(/\/\*.*?\*\/|^\s*\/\/[^\n]*$/gms, ''))

for (const name of Object.keys(options)) {
  test(`${name} is read`, () => {
    expect(readers.some((text) => new RegExp(`\\b${name}\\b`).test(text))).toBe(true)
  })
}
