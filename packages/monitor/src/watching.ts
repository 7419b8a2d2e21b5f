import type { MetricsRegistry } from '@wombat/instrumentation'
import type { ResolvedConfig } from './config.ts'
import { Detail } from './detail.ts'
import type { Logger } from './logger.ts'
import { ErrorHistory } from './operations/error-history.ts'
import { SlowOperations } from './operations/slow-operations.ts'
import { ProcessWatch } from './process/process-watch.ts'

const watched = new WeakSet<MetricsRegistry>()

/** Everything that is known of single operations, and of the process they run in. Once for a registry. */
export class Watching {
  readonly process: ProcessWatch
  readonly slow: SlowOperations
  readonly errors: ErrorHistory
  readonly detail: Detail
  readonly #registry: MetricsRegistry

  /** @throws Error */
  constructor(registry: MetricsRegistry, config: ResolvedConfig, logger: Logger) {
    if (watched.has(registry)) {
      throw new Error(
        'the stores of this MeterProvider are monitored already: close that monitoring first, for two would count what is slow twice, and change each other’s thresholds',
      )
    }
    watched.add(registry)
    this.#registry = registry
    this.process = new ProcessWatch(registry)
    this.slow = new SlowOperations({ registry, process: this.process, logger, thresholdMs: config.slowQueryThresholdMs })
    this.errors = new ErrorHistory({ registry, keep: config.maxErrorHistory, redact: config.errorRedactor })
    this.detail = new Detail(registry, this.slow, config, config.tracerProvider)
  }

  start(): void {
    this.process.start()
  }

  close(): void {
    this.errors.close()
    this.slow.close()
    this.detail.close()
    this.process.close()
    watched.delete(this.#registry)
  }
}
