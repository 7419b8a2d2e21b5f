import { expect, test } from 'vitest'
import { defaultHealthBounds, resolveBounds, validateBounds } from './bounds.ts'
import { createBuiltInSource } from './built-in-source.ts'

test('the defaults have no problems, and nothing is no problem', () => {
  expect(validateBounds(defaultHealthBounds)).toEqual([])
  expect(validateBounds(undefined)).toEqual([])
  expect(validateBounds({ slowSeconds: undefined })).toEqual([])
  expect(resolveBounds({ slowSeconds: 2 })).toEqual({ ...defaultHealthBounds, slowSeconds: 2 })
})

test.each([
  ['many', 'the bounds of the health checks must be an object, got "many"'],
  [{ diskLowByte: 1 }, 'diskLowByte is no bound of a health check: did you mean diskLowBytes?'],
  [
    { slowSeconds: '1' },
    'slowSeconds must be a number of seconds above 0, got "1": a store that takes longer for a write, a read and a removal answers slowly',
  ],
  [
    { memoryDegradedShare: 80 },
    'memoryDegradedShare must be a share above 0 and at most 1, got 80: from this share of the memory limit on, memory use is high',
  ],
  [
    { diskLeaveFactor: 0.5 },
    'diskLeaveFactor must be a factor of 1 or more, got 0.5: how many times a bound of space or inodes must be free again for its state to end',
  ],
  [
    { windowSeconds: 5 },
    'windowSeconds must be a number of seconds from 30 to 3600, got 5: over how long errors and stalls are looked at: from 30 to 3600',
  ],
  [
    { memoryDegradedShare: 0.95 },
    'memoryDegradedShare must be below memoryUnhealthyShare, got 0.95 and 0.9: else one of them never decides anything',
  ],
])('bounds that cannot be used are complained of with what would be allowed: %j', (bounds, complaint) => {
  expect(validateBounds(bounds)).toEqual([complaint])
})

test('checks are not built on bounds that cannot be used', () => {
  const options = { bounds: { slowSeconds: -1 } } as unknown as Parameters<typeof createBuiltInSource>[0]
  expect(() => createBuiltInSource(options)).toThrow(new RangeError(validateBounds(options.bounds)[0]))
})
