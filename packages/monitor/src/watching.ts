import type { MetricsRegistry } from '@wombat/instrumentation'
import type { ResolvedConfig } from './config.ts'
import { Detail } from './detail.ts'
import type { Logger } from './logger.ts'
import { ErrorHistory } from './operations/error-history.ts'
import { SlowOperations } from './operations/slow-operations.ts'
import { ProcessWatch } from './process/process-watch.ts'

/** Everything that is known of single operations, and of the process they run in. */
export class Watching {
  readonly process: ProcessWatch
  readonly slow: SlowOperations
  readonly errors: ErrorHistory
  readonly detail: Detail

  constructor(registry: MetricsRegistry, config: ResolvedConfig, logger: Logger) {
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
    this.process.close()
  }
}
