import { boundsProblems, type HealthBounds } from './bounds.ts'
import type { HealthChange, HealthCheck } from './check.ts'
import { type CheckSettings, checkFault, settingsFault } from './check-plan.ts'

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

/** Everything that is wrong with these options. */
export function healthProblems(health: unknown): string[] {
  if (health === undefined) return []
  if (typeof health !== 'object' || health === null || Array.isArray(health)) {
    return ['health must be an object with checks, settings, bounds or onChange']
  }
  const { checks = [], settings = {}, bounds, onChange, ...others } = health as Record<string, unknown>
  const problems = Object.keys(others).map(
    (name) => `health.${name} is no option, only checks, settings, bounds and onChange are`,
  )
  if (!Array.isArray(checks)) problems.push('health.checks must be an array of checks')
  else problems.push(...checks.flatMap((check, index) => prefixed(`health.checks[${index}]: `, checkFault(check as HealthCheck))))
  if (typeof settings !== 'object' || settings === null) problems.push("health.settings must be an object by the checks' names")
  else {
    for (const [name, own] of Object.entries(settings)) {
      problems.push(...prefixed(`health.settings.${name}: `, settingsFault((own ?? {}) as CheckSettings)))
    }
  }
  if (bounds !== undefined) problems.push(...boundsProblems(bounds).map((problem) => `health.bounds: ${problem}`))
  if (onChange !== undefined && typeof onChange !== 'function') problems.push('health.onChange must be a function')
  return problems
}

function prefixed(prefix: string, fault: string | undefined): string[] {
  return fault === undefined ? [] : [`${prefix}${fault}`]
}
