import { describeKind, suggest } from '../validation/format-issue.ts'
import { type HealthBounds, validateBounds } from './bounds.ts'
import type { HealthChange, HealthCheck } from './check.ts'
import { type CheckSettings, validateCheck, validateSettings } from './registry/check-settings.ts'
import { checkKey } from './registry/check-sources.ts'

/** Structured options of the health checks; they can only be set in code. */
export interface HealthOptions {
  /** Custom checks. */
  readonly checks?: readonly HealthCheck[]
  /** Settings by name of check: whether and how often it runs, its highest status, and how many runs change its status. */
  readonly settings?: Readonly<Record<string, CheckSettings>>
  /** The values from which built-in checks report a status. Default: `defaultHealthBounds`. */
  readonly bounds?: Partial<HealthBounds>
  /** Called with each change of the status of a check. */
  readonly onChange?: (change: HealthChange) => void
}

const optionNames = ['checks', 'settings', 'bounds', 'onChange'] as const satisfies ReadonlyArray<keyof HealthOptions>

/** Returns all problems of the health options, one sentence each. */
export function validateHealthOptions(health: unknown): string[] {
  if (health === undefined) return []
  if (typeof health !== 'object' || health === null || Array.isArray(health)) {
    return [`health must be an object with any of ${optionNames.join(', ')}, got ${describeKind(health)}`]
  }
  const { checks = [], settings = {}, bounds, onChange, ...others } = health as Record<string, unknown>
  const problems = Object.keys(others).map((name) => `health.${name} is not an option${suggest(name, optionNames)}`)
  problems.push(...validateChecks(checks))
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) {
    problems.push(`health.settings must be an object with names of checks as keys, got ${describeKind(settings)}`)
  } else {
    for (const [name, overrides] of Object.entries(settings)) {
      const problem = validateSettings(overrides as CheckSettings)
      if (problem !== undefined) problems.push(`health.settings.${name}: ${problem}`)
    }
  }
  if (bounds !== undefined) problems.push(...validateBounds(bounds).map((problem) => `health.bounds: ${problem}`))
  if (onChange !== undefined && typeof onChange !== 'function') {
    problems.push(`health.onChange must be a function, got ${describeKind(onChange)}: it is called with each change`)
  }
  return problems
}

function validateChecks(checks: unknown): string[] {
  if (!Array.isArray(checks)) return [`health.checks must be an array of checks, got ${describeKind(checks)}`]
  const keys = new Set<string>()
  return checks.flatMap((check: HealthCheck, index) => {
    const problem = validateCheck(check)
    if (problem !== undefined) return [`health.checks[${index}]: ${problem}`]
    const key = checkKey(check)
    if (keys.has(key)) return [`health.checks[${index}]: duplicate check ${check.name}: each name may be used once per store`]
    keys.add(key)
    return []
  })
}
