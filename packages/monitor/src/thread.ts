import { getEnvironmentData } from 'node:worker_threads'
import { threadMonitorKey } from '@wombat/instrumentation/internal'
import { type MonitoringConfig, resolveConfig } from './config/resolve-config.ts'
import { defaultLogger } from './logger.ts'
import { startMonitoring } from './start-monitoring.ts'

const standardError = 2

/**
 * Starts the monitoring of a worker thread with the options of the main thread, which serves its metrics. Called when the thread measures
 * its first store.
 */
export async function joinMonitoring(): Promise<void> {
  const { config = {} } = (getEnvironmentData(threadMonitorKey) ?? {}) as { readonly config?: MonitoringConfig }
  // Standard output may be the result of the application.
  const { logLevel } = resolveConfig(config)
  await startMonitoring({ ...config, logger: defaultLogger(logLevel, standardError) })
}
