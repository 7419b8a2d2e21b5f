import { expect, test } from 'vitest'
import { suggest } from './format-issue.ts'

test('a name that is nearly known is suggested', () => {
  expect(suggest('slowQueryTresholdMs', ['logLevel', 'slowQueryThresholdMs'])).toBe(': did you mean slowQueryThresholdMs?')
  expect(suggest('x', ['logLevel'])).toBe('')
})

test('a very long name is compared with none: that would take seconds', () => {
  const known = 'a'.repeat(200)
  expect(suggest(`${known}b`, [known])).toBe('')
})
