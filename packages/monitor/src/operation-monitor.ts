import type { MetricsRegistry } from '@wombat/instrumentation'
import type { ResolvedConfig } from './config/resolve-config.ts'
import type { Logger } from './logger.ts'
import { ErrorHistory } from './operations/error-history.ts'
import { SlowLog } from './operations/slow-log.ts'
import { ProcessMonitor } from './process/process-monitor.ts'
import { RuntimeSettings } from './runtime-settings.ts'

const monitoredRegistries = new WeakSet<MetricsRegistry>()

/** Everything that is known of single operations, and of the process they run in. Once for a registry. */
export class OperationMonitor {
  readonly process: ProcessMonitor
  readonly slow: SlowLog
  readonly errors: ErrorHistory
  readonly settings: RuntimeSettings
  readonly #registry: MetricsRegistry

  /** @throws Error */
  constructor(registry: MetricsRegistry, config: ResolvedConfig, logger: Logger) {
    if (monitoredRegistries.has(registry)) {
      throw new Error(
        'the stores of this MeterProvider are monitored already: close that monitoring first, for two would count what is slow twice, and change each other’s thresholds',
      )
    }
    monitoredRegistries.add(registry)
    this.#registry = registry
    this.process = new ProcessMonitor(registry)
    this.slow = new SlowLog({ registry, process: this.process, logger, thresholdMs: config.slowQueryThresholdMs })
    this.errors = new ErrorHistory({ registry, keep: config.maxErrorHistory, redact: config.errorRedactor })
    this.settings = new RuntimeSettings(registry, this.slow, config, config.tracerProvider)
  }

  start(): void {
    this.process.start()
  }

  close(): void {
    this.errors.close()
    this.slow.close()
    this.settings.close()
    this.process.close()
    monitoredRegistries.delete(this.#registry)
  }
}
