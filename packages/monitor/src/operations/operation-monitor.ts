import type { MetricsRegistry } from '@wombat/instrumentation'
import type { Component } from '../component.ts'
import type { Logger } from '../logger.ts'
import { ProcessMonitor } from '../process/process-monitor.ts'
import { type Clock, SystemClock } from '../time/clock.ts'
import { ErrorHistory, type ErrorHistoryOptions } from './error-history.ts'
import { SlowLog } from './slow-log.ts'

/** What an operation monitor observes and keeps. */
export interface OperationMonitorOptions {
  readonly registry: MetricsRegistry
  readonly logger: Logger
  /** Dates slow operations and errors (default: a `SystemClock` of its own). */
  readonly clock?: Clock
  /** Milliseconds from which an operation is slow. */
  readonly slowThresholdMs: number
  /** Whether an operation is also slow if it takes much longer than usual. */
  readonly isSlowThresholdAdaptive: boolean
  /** The number of errors that are kept. */
  readonly maxErrors: number
  /** Returns what may be kept of an error's message. */
  readonly redactError: ErrorHistoryOptions['redact']
}

const monitoredRegistries = new WeakSet<MetricsRegistry>()

/** Observes single operations, slow and failed ones, and the delays of the process they run in. One per registry. */
export class OperationMonitor implements Component {
  readonly process: ProcessMonitor
  readonly slowLog: SlowLog
  readonly errors: ErrorHistory
  readonly #registry: MetricsRegistry

  /** @throws Error if the registry is monitored already. */
  constructor({
    registry,
    logger,
    clock = new SystemClock(),
    slowThresholdMs,
    isSlowThresholdAdaptive,
    maxErrors,
    redactError,
  }: OperationMonitorOptions) {
    if (monitoredRegistries.has(registry)) {
      throw new Error(
        "the stores of this MeterProvider are monitored already: close that monitoring first. Two would count slow operations twice and overwrite each other's thresholds.",
      )
    }
    this.#registry = registry
    this.process = new ProcessMonitor(registry)
    this.slowLog = new SlowLog({
      registry,
      process: this.process,
      logger,
      clock,
      thresholdMs: slowThresholdMs,
      isAdaptive: isSlowThresholdAdaptive,
    })
    this.errors = new ErrorHistory({ registry, clock, keep: maxErrors, redact: redactError })
    monitoredRegistries.add(registry)
  }

  start(): void {
    this.process.start()
  }

  close(): void {
    this.errors.close()
    this.slowLog.close()
    this.process.close()
    monitoredRegistries.delete(this.#registry)
  }
}
