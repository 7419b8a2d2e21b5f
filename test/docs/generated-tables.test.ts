import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { withTables } from './generated-tables.ts'

test("the README's tables say what the code says (else: pnpm generate)", () => {
  const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8')
  expect(withTables(readme)).toBe(readme)
})
