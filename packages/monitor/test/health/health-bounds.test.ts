import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, expectTypeOf, test } from 'vitest'
import type { BuiltInBounds } from '../../src/health/bounds.ts'
import type { HealthBounds } from '../../src/health/generated/health-bounds.ts'
import { healthBoundsSource } from './health-bounds.ts'

const generated = readFileSync(join(import.meta.dirname, '../../src/health/generated/health-bounds.ts'), 'utf8')

test('the interface of the bounds agrees with the checks (if it does not: npm run generate)', () => {
  expect(generated).toBe(healthBoundsSource())
})

test('the interface has exactly the bounds of the checks', () => {
  expectTypeOf<HealthBounds>().toEqualTypeOf<BuiltInBounds>()
})
