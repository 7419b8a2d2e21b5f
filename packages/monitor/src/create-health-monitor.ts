import type { MetricsRegistry } from '@wombat/instrumentation'
import type { Alerting } from './alerting.ts'
import type { ResolvedConfig } from './config/resolve-config.ts'
import { suggest } from './format-issue.ts'
import { createBuiltInSource } from './health/built-in-source.ts'
import { remediations } from './health/checks/remediation.ts'
import { createExplain } from './health/explanation/explanation.ts'
import { HealthMonitor } from './health/monitor.ts'
import type { Logger } from './logger.ts'
import type { OperationMonitor } from './operation-monitor.ts'

/** The health monitor of a configuration: our checks and the application's, over the history that alerts are judged by. */
export function createHealthMonitor(
  config: ResolvedConfig,
  registry: MetricsRegistry,
  { alerting, watching, logger }: { alerting: Alerting; watching: OperationMonitor; logger: Logger },
): HealthMonitor {
  const { health = {}, healthProbe: probe, memoryLimitBytes } = config
  const { checks = [], settings, bounds, onChange } = health
  const known = { registry, history: alerting.history, process: watching.process, memoryLimitBytes }
  const builtIn = createBuiltInSource({ ...known, probe, ...(bounds !== undefined && { bounds }) })
  const monitor = new HealthMonitor({
    enabled: config.enableHealthChecks,
    intervalMs: config.healthCheckIntervalMs,
    timeoutMs: config.healthCheckTimeoutMs,
    sources: [builtIn],
    explain: createExplain(known),
    registry,
    logger,
    // What the checks read is as old as they are.
    beforeRun: () => alerting.remember(),
    ...(settings !== undefined && { settings }),
    ...(onChange !== undefined && { onChange }),
  })
  for (const check of checks) monitor.register(check)
  // A check may still come under any name, so that this is no mistake for certain.
  const names = [...Object.keys(remediations), ...checks.map(({ name }) => name)]
  for (const name of Object.keys(settings ?? {})) {
    const guess = names.includes(name) ? '' : suggest(name, names)
    if (guess !== '') logger.warn({ check: name }, `health.settings.${name} is for no health check that there is${guess}`)
  }
  return monitor
}
