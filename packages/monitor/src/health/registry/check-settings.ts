import { describeContent, suggest } from '../../validation/format-issue.ts'
import type { HealthCheck, RunThreshold } from '../check.ts'
import type { Hysteresis } from './hysteresis.ts'

/** What the one who runs the service says of a check, by its name: it overrides what the check says of itself. */
export interface CheckSettings extends Partial<Pick<HealthCheck, (typeof settable)[number]>> {
  /** Whether it is there at all (default true). */
  readonly enabled?: boolean
}

const settable = ['intervalMs', 'timeoutMs', 'maxStatus', 'statusOnError', 'failureThreshold', 'recoveryThreshold'] as const

/** How a check is run and judged, with nothing left open. */
export interface ResolvedCheckSettings extends Hysteresis {
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly maxStatus: NonNullable<HealthCheck['maxStatus']>
  readonly statusOnError: NonNullable<HealthCheck['statusOnError']>
}

const once: RunThreshold = Object.freeze({ count: 1, of: 1 })

/** The settings before the check before the defaults. */
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
    failureThreshold: settings.failureThreshold ?? check.failureThreshold ?? once,
    recoveryThreshold: settings.recoveryThreshold ?? check.recoveryThreshold ?? once,
  }
}

/** setTimeout takes more than this for nothing at all, and fires at once. */
const longestMs = 2 ** 31 - 1
/** The findings of as many runs are kept. */
const longestStreak = 100

/** What is wrong with a check, or undefined. Those who write JavaScript may give anything. */
export function validateCheck(check: HealthCheck): string | undefined {
  if (typeof check !== 'object' || check === null) return `must be an object, got ${describeContent(check)}`
  const { name, store, run } = check
  if (typeof name !== 'string' || !/^[a-z][a-z0-9_]{0,99}$/.test(name)) {
    return `name must be up to 100 lower-case letters, digits and underscores, beginning with a letter, got ${describeContent(name)}: it becomes a path and a label`
  }
  if (store !== undefined && typeof store !== 'string')
    return `store must be a string, got ${describeContent(store)}: it becomes a label`
  if (typeof run !== 'function') return `run must be a function, got ${describeContent(run)}: without it there is nothing to ask`
  return validateResolvedSettings(check)
}

/** What is wrong with the settings of a check, or undefined. */
export function validateSettings(settings: CheckSettings): string | undefined {
  const known = ['enabled', ...settable]
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) {
    return `must be an object with any of ${known.join(', ')}, got ${describeContent(settings)}`
  }
  const unknown = Object.keys(settings).find((key) => !known.includes(key))
  if (unknown !== undefined) return `${unknown} is nothing that can be set of a check${suggest(unknown, known)}`
  const { enabled } = settings
  if (enabled !== undefined && typeof enabled !== 'boolean')
    return `enabled must be true or false, got ${describeContent(enabled)}`
  return validateResolvedSettings(settings)
}

/** What is wrong with what can be set of a check, or undefined. */
function validateResolvedSettings(settings: CheckSettings): string | undefined {
  for (const key of ['intervalMs', 'timeoutMs'] as const) {
    const fault = settings[key] === undefined ? undefined : validateMilliseconds(settings[key])
    if (fault !== undefined) return `${key} ${fault}`
  }
  for (const key of ['maxStatus', 'statusOnError'] as const) {
    const status = settings[key]
    if (status !== undefined && !['degraded', 'unhealthy', 'critical'].includes(status)) {
      return `${key} must be degraded, unhealthy or critical, got ${describeContent(status)}`
    }
  }
  for (const key of ['failureThreshold', 'recoveryThreshold'] as const) {
    const streak = settings[key]
    if (streak !== undefined && !isStreak(streak)) {
      return `${key} must be { count, of } with 1 <= count <= of <= ${longestStreak}, got ${describeContent(streak)}: count of the last of runs`
    }
  }
  return undefined
}

/** What is wrong with a number of milliseconds that a timer shall take, or undefined. */
export function validateMilliseconds(ms: unknown): string | undefined {
  if (typeof ms === 'number' && ms >= 1 && ms <= longestMs) return undefined
  return `must be a number of milliseconds from 1 to ${longestMs}, got ${describeContent(ms)}: no timer takes another`
}

function isStreak(streak: RunThreshold): boolean {
  if (typeof streak !== 'object' || streak === null) return false
  const { count, of } = streak
  return Number.isInteger(count) && Number.isInteger(of) && count >= 1 && count <= of && of <= longestStreak
}
