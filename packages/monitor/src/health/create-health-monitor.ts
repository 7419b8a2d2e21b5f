import type { MetricsRegistry } from '@wombat/instrumentation'
import type { EventLog } from '../events/event-log.ts'
import type { History } from '../history/history.ts'
import type { Logger } from '../logger.ts'
import type { ProcessState } from '../process/process-state.ts'
import type { Clock } from '../time/clock.ts'
import { suggest } from '../validation/format-issue.ts'
import { builtInChecks } from './built-in-checks.ts'
import { type BuiltInSourceOptions, createBuiltInSource } from './built-in-source.ts'
import type { HealthChange } from './check.ts'
import { createExplain } from './explanation/explanation.ts'
import type { HealthOptions } from './health-options.ts'
import { HealthMonitor } from './monitor.ts'
import type { CheckSource } from './registry/check-sources.ts'

/** What the health monitor of a configuration needs. */
export interface CreateHealthMonitorOptions {
  readonly registry: MetricsRegistry
  readonly logger: Logger
  readonly clock: Clock
  readonly history: History
  readonly process: ProcessState
  /** Records the metrics in the history: runs before the checks, which read it. */
  readonly sample: () => Promise<void>
  readonly enabled: boolean
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly probe: BuiltInSourceOptions['probe']
  readonly memoryLimitBytes: number | undefined
  readonly health: HealthOptions | undefined
  /** Where changes of a status become events (default: nowhere). */
  readonly events?: EventLog
  /** Further checks. */
  readonly sources?: readonly CheckSource[]
}

/** Creates the health monitor of a configuration, with the built-in checks and those of the application. */
export function createHealthMonitor(options: CreateHealthMonitorOptions): HealthMonitor {
  const { registry, logger, clock, history, process, sample, enabled, intervalMs, timeoutMs, probe, memoryLimitBytes } = options
  const { checks = [], settings, bounds, onChange } = options.health ?? {}
  const shared = { registry, history, process, memoryLimitBytes }
  const monitor = new HealthMonitor({
    enabled,
    intervalMs,
    timeoutMs,
    sources: [createBuiltInSource({ ...shared, probe, ...(bounds !== undefined && { bounds }) }), ...(options.sources ?? [])],
    explain: createExplain(shared),
    registry,
    logger,
    clock: () => clock.nowMs(),
    beforeRun: sample,
    ...(settings !== undefined && { settings }),
    onChange: (change) => {
      if (options.events !== undefined) addChange(options.events, change)
      return onChange?.(change)
    },
  })
  try {
    for (const check of checks) monitor.register(check)
  } catch (error) {
    monitor.close()
    throw error
  }
  const knownNames = [...builtInChecks, ...checks].map(({ name }) => name)
  warnOfUnknownSettings(Object.keys(settings ?? {}), knownNames, logger)
  return monitor
}

/** Warns only if the name resembles a known one: a check of any other name may still be registered later. */
function warnOfUnknownSettings(names: readonly string[], knownNames: readonly string[], logger: Logger): void {
  for (const name of names) {
    const guess = knownNames.includes(name) ? '' : suggest(name, knownNames)
    if (guess !== '') logger.warn({ check: name }, `health.settings.${name}: unknown health check${guess}`)
  }
}

const severities = {
  healthy: 'info',
  degraded: 'warning',
  unknown: 'warning',
  unhealthy: 'critical',
  critical: 'critical',
} as const

function addChange(events: EventLog, { check, from, to, timeMs }: HealthChange): void {
  const { name, store, message } = check
  events.add({
    kind: 'health_change',
    severity: severities[to],
    title: `${name.replaceAll('_', ' ')} is ${to}`,
    ...(store !== undefined && { store }),
    startMs: timeMs,
    details: { check: name, from, to, message },
  })
}
