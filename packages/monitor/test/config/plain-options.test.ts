import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, expectTypeOf, test } from 'vitest'
import type { PlainOptions } from '../../src/config/generated/plain-options.ts'
import { type OptionValues, optionNames } from '../../src/config/options.ts'
import { plainOptionsSource } from './plain-options.ts'

const generated = readFileSync(join(import.meta.dirname, '../../src/config/generated/plain-options.ts'), 'utf8')

test('the interface of the options agrees with their table (if it does not: npm run generate)', () => {
  expect(generated).toBe(plainOptionsSource())
})

test('the interface accepts exactly the values of the table', () => {
  expectTypeOf<Required<PlainOptions>>().toEqualTypeOf<{
    readonly [Name in keyof OptionValues]: NonNullable<OptionValues[Name]>
  }>()
})

test('every option shows its purpose, its allowed values and its variable', () => {
  const documented = [...generated.matchAll(/\/\*\*\n {3}\* \S.*\n {3}\*\n {3}\* [A-Z].*\. Environment: `(WOMBAT_\w+)`\.\n/g)]
  expect(documented).toHaveLength(optionNames.length)
})
