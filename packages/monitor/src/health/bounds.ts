import { describeValue, suggest } from '../validation/format-issue.ts'

const mebibyte = 2 ** 20
const gibibyte = 2 ** 30

interface Bound {
  readonly value: number
  readonly unit: 'bytes' | 'seconds' | 'share' | 'count' | 'factor'
  readonly what: string
}

function bound(value: number, unit: Bound['unit'], what: string): Bound {
  return Object.freeze({ value, unit, what })
}

/**
 * Every number that the built-in health checks judge by, with its default and what it is. `Leave…` is where a state ends that
 * its own bound began: a number that swings around one bound would change the state each time.
 */
const healthBounds = Object.freeze({
  slowSeconds: bound(1, 'seconds', 'a store that takes longer for a write, a read and a removal answers slowly'),

  diskCriticalBytes: bound(100 * mebibyte, 'bytes', 'with less free space than this, writes are about to fail'),
  diskLowBytes: bound(1000 * mebibyte, 'bytes', 'with less free space than this, it is low'),
  diskLowShare: bound(0.1, 'share', 'with less of the volume free than this, space is low: compaction needs room for a copy'),
  diskLowLeaveShare: bound(0.12, 'share', 'where low space, as a share of the volume, ends'),
  inodesLowCount: bound(1000, 'count', 'with fewer free inodes than this, they are low: each table is a file'),
  inodesLowShare: bound(0.05, 'share', 'with fewer of the inodes free than this, they are low, where their number is known'),
  diskLeaveFactor: bound(1.2, 'factor', 'how many times a bound of space or inodes must be free again for its state to end'),

  memoryDegradedShare: bound(0.8, 'share', 'from this share of the memory limit on, memory use is high'),
  memoryUnhealthyShare: bound(0.9, 'share', 'from this share of the memory limit on, it is very high'),
  memoryCriticalShare: bound(0.97, 'share', 'from this share of the memory limit on, the process may be killed any moment'),
  memoryLeaveShare: bound(0.05, 'share', "how far below a bound memory must be for the bound's state to end"),

  stallCriticalSeconds: bound(60, 'seconds', 'a write stall is critical from this age on; before, it is unhealthy'),
  stalledShare: bound(0.05, 'share', 'writers held back for more than this share of the window are degraded'),
  pendingDegradedBytes: bound(16 * gibibyte, 'bytes', 'with more than this left to rewrite, compaction falls behind'),
  pendingUnhealthyBytes: bound(64 * gibibyte, 'bytes', 'with more than this left to rewrite, RocksDB slows writers down'),
  leveldbLevelZeroDegradedFiles: bound(8, 'count', 'from so many files in level 0 on, LevelDB slows writers down'),
  leveldbLevelZeroUnhealthyFiles: bound(12, 'count', 'from so many files in level 0 on, LevelDB stops writers'),
  rocksdbLevelZeroDegradedFiles: bound(20, 'count', 'from so many files in level 0 on, RocksDB slows writers down'),
  rocksdbLevelZeroUnhealthyFiles: bound(36, 'count', 'from so many files in level 0 on, RocksDB stops writers'),
  compactionLeaveFactor: bound(0.75, 'share', 'at which share of its bound a state of the compaction ends'),

  errorDegradedShare: bound(0.01, 'share', 'with more of one operation failing than this, the store is degraded'),
  errorUnhealthyShare: bound(0.05, 'share', 'with more of one operation failing than this, it is unhealthy'),
  errorCriticalShare: bound(0.5, 'share', 'with more of one operation failing than this, it is critical'),
  errorLeaveFactor: bound(0.5, 'share', 'at which share of its bound a state of the error rates ends'),
  errorMinimumOperations: bound(20, 'count', 'of fewer operations in the window, the share that failed says nothing'),

  windowSeconds: bound(300, 'seconds', 'over how long errors and stalls are looked at: from 30 to 3600'),

  blockedDegradedSeconds: bound(1, 'seconds', 'an event loop or a thread pool that was blocked for longer is degraded'),
  blockedUnhealthySeconds: bound(5, 'seconds', 'an event loop or a thread pool that was blocked for longer is unhealthy'),
})

export type HealthBounds = { readonly [Name in keyof typeof healthBounds]: number }

const names = Object.keys(healthBounds) as Array<keyof HealthBounds>

export const defaultHealthBounds: HealthBounds = Object.freeze(
  Object.fromEntries(names.map((name) => [name, healthBounds[name].value])),
) as HealthBounds

/** Bounds of the same thing, each of which must come before the next. */
const ordered: ReadonlyArray<readonly [lower: keyof HealthBounds, higher: keyof HealthBounds]> = [
  ['diskCriticalBytes', 'diskLowBytes'],
  ['diskLowShare', 'diskLowLeaveShare'],
  ['memoryDegradedShare', 'memoryUnhealthyShare'],
  ['memoryUnhealthyShare', 'memoryCriticalShare'],
  ['memoryLeaveShare', 'memoryDegradedShare'],
  ['pendingDegradedBytes', 'pendingUnhealthyBytes'],
  ['leveldbLevelZeroDegradedFiles', 'leveldbLevelZeroUnhealthyFiles'],
  ['rocksdbLevelZeroDegradedFiles', 'rocksdbLevelZeroUnhealthyFiles'],
  ['errorDegradedShare', 'errorUnhealthyShare'],
  ['errorUnhealthyShare', 'errorCriticalShare'],
  ['blockedDegradedSeconds', 'blockedUnhealthySeconds'],
]

/** The defaults with these in place of their own. An `undefined` takes nothing's place. */
export function resolveBounds(bounds: Partial<HealthBounds> = {}): HealthBounds {
  const given = Object.entries(bounds).filter(([, value]) => value !== undefined)
  return { ...defaultHealthBounds, ...Object.fromEntries(given) }
}

/** What is wrong with a user's own bounds, one sentence each: name, what is allowed, what was got, what it is for. */
export function validateBounds(bounds: unknown): string[] {
  if (bounds === undefined) return []
  if (typeof bounds !== 'object' || bounds === null || Array.isArray(bounds)) {
    return [`the bounds of the health checks must be an object, got ${describeValue(bounds)}`]
  }
  const given = Object.entries(bounds).filter(([, value]) => value !== undefined)
  const problems = given.flatMap(([name, value]) => {
    if (!isName(name)) return [`${name} is no bound of a health check${suggest(name, names)}`]
    const allowed = allowedFor(name, value)
    return allowed === undefined ? [] : [`${name} must be ${allowed}, got ${describeValue(value)}: ${healthBounds[name].what}`]
  })
  if (problems.length > 0) return problems
  const all = resolveBounds(Object.fromEntries(given))
  return ordered.flatMap(([lower, higher]) =>
    all[lower] < all[higher]
      ? []
      : [`${lower} must be below ${higher}, got ${all[lower]} and ${all[higher]}: else one of them never decides anything`],
  )
}

function isName(name: string): name is keyof HealthBounds {
  return Object.hasOwn(healthBounds, name)
}

/** What would be allowed, where this is not. */
function allowedFor(name: keyof HealthBounds, value: unknown): string | undefined {
  const number = typeof value === 'number' && Number.isFinite(value) ? value : Number.NaN
  if (name === 'windowSeconds') return number >= 30 && number <= 3600 ? undefined : 'a number of seconds from 30 to 3600'
  switch (healthBounds[name].unit) {
    case 'share':
      return number > 0 && number <= 1 ? undefined : 'a share above 0 and at most 1'
    case 'factor':
      return number >= 1 ? undefined : 'a factor of 1 or more'
    case 'count':
      return number >= 1 ? undefined : 'a count of 1 or more'
    default:
      return number > 0 ? undefined : `a number of ${healthBounds[name].unit} above 0`
  }
}
