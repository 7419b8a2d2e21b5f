import { describeContent, suggest } from '../../validation/format-issue.ts'
import type { HealthCheck, RunThreshold } from '../check.ts'
import type { Hysteresis } from './hysteresis.ts'

/** Overrides what a check defines for itself. */
export interface CheckSettings extends Partial<Pick<HealthCheck, (typeof settingNames)[number]>> {
  /** Whether the check runs at all. Default: true. */
  readonly enabled?: boolean
}

const settingNames = ['intervalMs', 'timeoutMs', 'maxStatus', 'statusOnError', 'failureThreshold', 'recoveryThreshold'] as const

/** The effective settings of a check. */
export interface ResolvedCheckSettings extends Hysteresis {
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly maxStatus: NonNullable<HealthCheck['maxStatus']>
  readonly statusOnError: NonNullable<HealthCheck['statusOnError']>
}

/** A check that alternates keeps its status. Built-in checks have bounds to leave a status by, and report every run. */
const twoRuns: RunThreshold = Object.freeze({ count: 2, of: 2 })

/** Returns the effective settings. Precedence: settings, check, defaults. */
export function resolveSettings(
  check: HealthCheck,
  settings: CheckSettings,
  defaults: Pick<ResolvedCheckSettings, 'intervalMs' | 'timeoutMs'>,
): ResolvedCheckSettings {
  return {
    intervalMs: settings.intervalMs ?? check.intervalMs ?? defaults.intervalMs,
    timeoutMs: settings.timeoutMs ?? check.timeoutMs ?? defaults.timeoutMs,
    maxStatus: settings.maxStatus ?? check.maxStatus ?? 'critical',
    statusOnError: settings.statusOnError ?? check.statusOnError ?? 'unhealthy',
    failureThreshold: settings.failureThreshold ?? check.failureThreshold ?? twoRuns,
    recoveryThreshold: settings.recoveryThreshold ?? check.recoveryThreshold ?? twoRuns,
  }
}

/** setTimeout fires at once for a longer delay. */
const maxTimerMs = 2 ** 31 - 1
/** The findings of this many runs are kept. */
const maxThresholdRuns = 100

/** Returns the problem of a check, or undefined. JavaScript callers may pass anything. */
export function validateCheck(check: HealthCheck): string | undefined {
  if (typeof check !== 'object' || check === null) return `must be an object, got ${describeContent(check)}`
  const { name, store, run } = check
  if (typeof name !== 'string' || !/^[a-z][a-z0-9_]{0,99}$/.test(name)) {
    return `name must be up to 100 lower-case letters, digits and underscores, starting with a letter, got ${describeContent(name)}: it becomes a path and a label`
  }
  if (store !== undefined && typeof store !== 'string')
    return `store must be a string, got ${describeContent(store)}: it becomes a label`
  if (typeof run !== 'function') return `run must be a function, got ${describeContent(run)}: each run of the check calls it`
  return validateValues(check)
}

/** Returns the problem of the settings of a check, or undefined. */
export function validateSettings(settings: CheckSettings): string | undefined {
  const knownNames = ['enabled', ...settingNames]
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) {
    return `must be an object with any of ${knownNames.join(', ')}, got ${describeContent(settings)}`
  }
  const unknown = Object.keys(settings).find((key) => !knownNames.includes(key))
  if (unknown !== undefined) return `${unknown} is not a setting of a check${suggest(unknown, knownNames)}`
  const { enabled } = settings
  if (enabled !== undefined && typeof enabled !== 'boolean')
    return `enabled must be true or false, got ${describeContent(enabled)}`
  return validateValues(settings)
}

/** Returns the problem of the values that both a check and its settings may have, or undefined. */
function validateValues(settings: CheckSettings): string | undefined {
  for (const key of ['intervalMs', 'timeoutMs'] as const) {
    const problem = settings[key] === undefined ? undefined : validateMilliseconds(settings[key])
    if (problem !== undefined) return `${key} ${problem}`
  }
  for (const key of ['maxStatus', 'statusOnError'] as const) {
    const status = settings[key]
    if (status !== undefined && !['degraded', 'unhealthy', 'critical'].includes(status)) {
      return `${key} must be degraded, unhealthy or critical, got ${describeContent(status)}`
    }
  }
  for (const key of ['failureThreshold', 'recoveryThreshold'] as const) {
    const threshold = settings[key]
    if (threshold !== undefined && !isRunThreshold(threshold)) {
      return `${key} must be { count, of } with 1 <= count <= of <= ${maxThresholdRuns}, got ${describeContent(threshold)}: count of the last runs`
    }
  }
  return undefined
}

/** Returns the problem of a timer's delay in milliseconds, or undefined. */
export function validateMilliseconds(ms: unknown): string | undefined {
  if (typeof ms === 'number' && ms >= 1 && ms <= maxTimerMs) return undefined
  return `must be a number of milliseconds from 1 to ${maxTimerMs}, got ${describeContent(ms)}: timers support only this range`
}

function isRunThreshold(threshold: RunThreshold): boolean {
  if (typeof threshold !== 'object' || threshold === null) return false
  const { count, of } = threshold
  return Number.isInteger(count) && Number.isInteger(of) && count >= 1 && count <= of && of <= maxThresholdRuns
}
