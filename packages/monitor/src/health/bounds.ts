import { describeValue, suggest } from '../validation/format-issue.ts'
import { builtInChecks } from './built-in-checks.ts'
import type { Bound, BoundValues } from './checks/bound.ts'
import type { HealthBounds } from './generated/health-bounds.ts'

export type { HealthBounds } from './generated/health-bounds.ts'

type UnionToIntersection<Union> = (Union extends unknown ? (_: Union) => void : never) extends (_: infer All) => void
  ? All
  : never

/** The bounds of all built-in checks. `HealthBounds` is generated from it, with a description of each. */
export type BuiltInBounds = BoundValues<UnionToIntersection<(typeof builtInChecks)[number]['bounds']>>

const boundDefinitions: ReadonlyMap<string, Bound> = new Map(builtInChecks.flatMap(({ bounds }) => Object.entries<Bound>(bounds)))

/** The default of every bound. */
export const defaultHealthBounds: HealthBounds = Object.freeze(
  Object.fromEntries([...boundDefinitions].map(([name, { value }]) => [name, value])),
) as BuiltInBounds

/** One bound of the built-in health checks, for documentation. */
export interface DocumentedBound {
  readonly name: string
  /** The checks that use it. */
  readonly checks: readonly string[]
  readonly defaultValue: number
  readonly unit: Bound['unit']
  readonly description: string
}

/** Returns every bound of the built-in health checks, in the order in which a report lists the checks. */
export function healthBoundTable(): DocumentedBound[] {
  return [...boundDefinitions].map(([name, { value, unit, description }]) => ({
    name,
    checks: builtInChecks.filter(({ bounds }) => Object.hasOwn(bounds, name)).map((check) => check.name),
    defaultValue: value,
    unit,
    description,
  }))
}

/** Returns the defaults with these bounds in their place. Undefined values are ignored. */
export function resolveBounds(bounds: Partial<HealthBounds> = {}): HealthBounds {
  const overrides = Object.entries(bounds).filter(([, value]) => value !== undefined)
  return { ...defaultHealthBounds, ...Object.fromEntries(overrides) }
}

/** Returns the problems of the bounds that a user gave, one sentence each: name, allowed values, value, and meaning. */
export function validateBounds(bounds: unknown): string[] {
  if (bounds === undefined) return []
  if (typeof bounds !== 'object' || bounds === null || Array.isArray(bounds)) {
    return [`the bounds of the health checks must be an object, got ${describeValue(bounds)}`]
  }
  const overrides = Object.entries(bounds).filter(([, value]) => value !== undefined)
  const problems = overrides.flatMap(([name, value]) => validateBound(name, value))
  return problems.length > 0 ? problems : validateOrder(resolveBounds(Object.fromEntries(overrides)))
}

function validateBound(name: string, value: unknown): string[] {
  const bound = boundDefinitions.get(name)
  if (bound === undefined) return [`${name} is not a bound of a health check${suggest(name, [...boundDefinitions.keys()])}`]
  const number = typeof value === 'number' && Number.isFinite(value) ? value : Number.NaN
  const { isAllowed, description } = allowedValues(bound)
  return isAllowed(number) ? [] : [`${name} must be ${description}, got ${describeValue(value)}: ${bound.description}`]
}

/** A pair of bounds in the wrong order would make one of them useless. */
function validateOrder(bounds: HealthBounds): string[] {
  const values: Readonly<Record<string, number>> = { ...bounds }
  return [...boundDefinitions].flatMap(([name, { below }]) => {
    const lower = values[name]
    const higher = below === undefined ? undefined : values[below]
    if (lower === undefined || higher === undefined || lower < higher) return []
    return [`${name} must be below ${below}, got ${lower} and ${higher}: otherwise one of them has no effect`]
  })
}

function allowedValues({ unit, range }: Bound): { isAllowed: (number: number) => boolean; description: string } {
  if (range !== undefined) {
    const [min, max] = range
    return { isAllowed: (number) => number >= min && number <= max, description: `a number of ${unit} from ${min} to ${max}` }
  }
  switch (unit) {
    case 'share':
      return { isAllowed: (number) => number > 0 && number <= 1, description: 'a share above 0 and at most 1' }
    case 'factor':
      return { isAllowed: (number) => number >= 1, description: 'a factor of 1 or more' }
    case 'count':
      return { isAllowed: (number) => number >= 1, description: 'a count of 1 or more' }
    default:
      return { isAllowed: (number) => number > 0, description: `a number of ${unit} above 0` }
  }
}
