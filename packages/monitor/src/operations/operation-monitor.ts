import type { MetricsRegistry } from '@wombat/instrumentation'
import type { Component } from '../component.ts'
import type { EventLog } from '../events/event-log.ts'
import type { Logger } from '../logger.ts'
import type { Interval } from '../process/intervals.ts'
import { ProcessMonitor } from '../process/process-monitor.ts'
import { type Clock, SystemClock } from '../time/clock.ts'
import { ErrorHistory, type ErrorHistoryOptions } from './error-history.ts'
import { SlowBursts } from './slow-bursts.ts'
import { SlowLog } from './slow-log.ts'

/** What an operation monitor observes and keeps. */
export interface OperationMonitorOptions {
  readonly registry: MetricsRegistry
  readonly logger: Logger
  /** Dates slow operations and errors (default: a `SystemClock` of its own). */
  readonly clock?: Clock
  /** Where slow operations and blocks of the event loop become events (default: nowhere). */
  readonly events?: EventLog
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
  readonly #bursts: SlowBursts | undefined

  /** @throws Error if the registry is monitored already. */
  constructor({
    registry,
    logger,
    clock = new SystemClock(),
    events,
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
    this.process = new ProcessMonitor(registry, events && ((block) => addBlock(events, clock, block)))
    this.#bursts = events && new SlowBursts({ events, stepsMs: () => clock.stepsMs })
    this.slowLog = new SlowLog({
      registry,
      process: this.process,
      logger,
      clock,
      thresholdMs: slowThresholdMs,
      isAdaptive: isSlowThresholdAdaptive,
      onSlow: (record) => this.#bursts?.add(record),
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
    this.#bursts?.close()
    this.process.close()
    monitoredRegistries.delete(this.#registry)
  }
}

/** A block of a second delays every request. */
const criticalBlockMs = 1000

function addBlock(events: EventLog, clock: Clock, { fromMs, toMs }: Interval): void {
  const durationMs = toMs - fromMs
  const endMs = clock.nowMs() - (performance.now() - toMs)
  events.add({
    kind: 'event_loop_block',
    severity: durationMs >= criticalBlockMs ? 'critical' : 'warning',
    title: 'Event loop blocked',
    startMs: endMs - durationMs,
    endMs,
    details: { durationSeconds: durationMs / 1000 },
  })
}
