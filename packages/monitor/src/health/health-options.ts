import { describeKind, suggest } from '../validation/format-issue.ts'
import { type HealthBounds, validateBounds } from './bounds.ts'
import type { HealthChange, HealthCheck } from './check.ts'
import { type CheckSettings, validateCheck, validateSettings } from './registry/check-settings.ts'
import { checkKey } from './registry/check-sources.ts'

/** Health checks beyond what plain options say. */
export interface HealthOptions {
  /** Checks of your own. */
  readonly checks?: readonly HealthCheck[]
  /** By a check's name: whether it is there, how often it runs, how bad it can be, how many runs it takes to change its state. */
  readonly settings?: Readonly<Record<string, CheckSettings>>
  /** From where on something is degraded, unhealthy or critical. */
  readonly bounds?: Partial<HealthBounds>
  /** Told of each change of a check's state. */
  readonly onChange?: (change: HealthChange) => void
}

const names = ['checks', 'settings', 'bounds', 'onChange'] as const satisfies ReadonlyArray<keyof HealthOptions>

/** Everything that is wrong with these options. */
export function validateHealthOptions(health: unknown): string[] {
  if (health === undefined) return []
  if (typeof health !== 'object' || health === null || Array.isArray(health)) {
    return [`health must be an object with any of ${names.join(', ')}, got ${describeKind(health)}`]
  }
  const { checks = [], settings = {}, bounds, onChange, ...others } = health as Record<string, unknown>
  const problems = Object.keys(others).map((name) => `health.${name} is no option${suggest(name, names)}`)
  problems.push(...checksProblems(checks))
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) {
    problems.push(`health.settings must be an object by the checks' names, got ${describeKind(settings)}`)
  } else {
    for (const [name, own] of Object.entries(settings)) {
      problems.push(...prefixed(`health.settings.${name}: `, validateSettings(own as CheckSettings)))
    }
  }
  if (bounds !== undefined) problems.push(...validateBounds(bounds).map((problem) => `health.bounds: ${problem}`))
  if (onChange !== undefined && typeof onChange !== 'function') {
    problems.push(`health.onChange must be a function that is told of changes, got ${describeKind(onChange)}`)
  }
  return problems
}

function checksProblems(checks: unknown): string[] {
  if (!Array.isArray(checks)) return [`health.checks must be an array of checks, got ${describeKind(checks)}`]
  const keys = new Set<string>()
  return checks.flatMap((check: HealthCheck, index) => {
    const fault = validateCheck(check)
    if (fault !== undefined) return [`health.checks[${index}]: ${fault}`]
    const key = checkKey(check)
    if (keys.has(key))
      return [`health.checks[${index}]: there is a check ${check.name} before it: a name means one check of one store`]
    keys.add(key)
    return []
  })
}

function prefixed(prefix: string, fault: string | undefined): string[] {
  return fault === undefined ? [] : [`${prefix}${fault}`]
}
