import { expect, test } from 'vitest'
import { errorMeaning, runbookHeading } from './error-types.ts'

test('corrupted data has its own section of the runbook, whatever else failed', () => {
  expect(runbookHeading(['LEVEL_IO_ERROR', 'LEVEL_CORRUPTION'])).toBe('DataCorruption')
  expect(runbookHeading(['LEVEL_IO_ERROR'])).toBe('HighErrorRate')
})

test('a type has words, and one that is not known has none', () => {
  expect(errorMeaning('LEVEL_CORRUPTION')).toBe('corrupted data was found')
  expect(errorMeaning('LEVEL_LEGACY')).toBeUndefined()
})
