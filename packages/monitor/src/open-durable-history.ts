import type { MetricsRegistry } from '@wombat/instrumentation'
import { ConfigError, type ResolvedConfig } from './config/resolve-config.ts'
import { DurableHistory } from './history/sqlite/durable-history.ts'
import type { Logger } from './logger.ts'

/** Where the history outlives the process; undefined where it does not. @throws ConfigError where the file cannot be used. */
export async function openDurableHistory(
  config: ResolvedConfig,
  registry: MetricsRegistry,
  logger: Logger,
): Promise<DurableHistory | undefined> {
  const { historyPath: path, historyRetentionMs: retentionMs, historyMaxBytes: maxBytes } = config
  if (path === undefined) return undefined
  registry.counter('wombat_monitor_history_failures_total')
  const onFailure = (): void => registry.incrementCounter('wombat_monitor_history_failures_total')
  try {
    return await DurableHistory.open({ path, retentionMs, maxBytes, logger, onFailure })
  } catch (error) {
    throw new ConfigError([`historyPath: ${error instanceof Error ? error.message : String(error)}`])
  }
}
