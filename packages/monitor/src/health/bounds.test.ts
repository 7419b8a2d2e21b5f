import { expect, test } from 'vitest'
import { defaultHealthBounds, resolveBounds, validateBounds } from './bounds.ts'
import { createBuiltInSource } from './built-in-source.ts'

test('the defaults and an undefined value have no problems', () => {
  expect(validateBounds(defaultHealthBounds)).toEqual([])
  expect(validateBounds(undefined)).toEqual([])
  expect(validateBounds({ slowSeconds: undefined })).toEqual([])
  expect(resolveBounds({ slowSeconds: 2 })).toEqual({ ...defaultHealthBounds, slowSeconds: 2 })
})

test.each([
  ['many', 'the bounds of the health checks must be an object, got "many"'],
  [{ diskLowByte: 1 }, 'diskLowByte is not a bound of a health check: did you mean diskLowBytes?'],
  [
    { slowSeconds: '1' },
    'slowSeconds must be a number of seconds above 0, got "1": time to write, read and remove a key above which a store is degraded',
  ],
  [
    { memoryDegradedShare: 80 },
    'memoryDegradedShare must be a share above 0 and at most 1, got 80: share of the memory limit from which memory use is degraded',
  ],
  [
    { diskLeaveFactor: 0.5 },
    'diskLeaveFactor must be a factor of 1 or more, got 0.5: multiple of a bound of space or inodes that must be free for its status to end',
  ],
  [
    { windowSeconds: 5 },
    'windowSeconds must be a number of seconds from 30 to 3600, got 5: period over which errors and write stalls are counted',
  ],
  [
    { memoryDegradedShare: 0.95 },
    'memoryDegradedShare must be below memoryUnhealthyShare, got 0.95 and 0.9: otherwise one of them has no effect',
  ],
])('invalid bounds are reported with the allowed values: %j', (bounds, problem) => {
  expect(validateBounds(bounds)).toEqual([problem])
})

test('no checks are created with invalid bounds', () => {
  const options = { bounds: { slowSeconds: -1 } } as unknown as Parameters<typeof createBuiltInSource>[0]
  expect(() => createBuiltInSource(options)).toThrow(new RangeError(validateBounds(options.bounds)[0]))
})
