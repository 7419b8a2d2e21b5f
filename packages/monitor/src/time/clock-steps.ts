import type { MetricsRegistry } from '@wombat/instrumentation'
import type { Component } from '../component.ts'
import type { Logger } from '../logger.ts'
import type { Clock, ClockStep } from './clock.ts'

export interface ClockStepsOptions {
  readonly clock: Clock
  readonly registry: MetricsRegistry
  readonly logger: Logger
  /** Move the times that they keep by milliseconds. */
  readonly shifts: ReadonlyArray<(deltaMs: number) => void>
}

const checkIntervalMs = 1000
/** A clock that is set again and again is logged at most once in this time. */
const minLogIntervalMs = 60_000

/** Follows the system clock: when it is set, moves every time that is kept, counts the step and logs it. */
export class ClockSteps implements Component {
  readonly #options: ClockStepsOptions
  #unsubscribe: (() => void) | undefined
  #timer: NodeJS.Timeout | undefined
  #loggedMs = Number.NEGATIVE_INFINITY
  #unlogged = 0

  constructor(options: ClockStepsOptions) {
    this.#options = options
  }

  start(): void {
    const { clock, registry } = this.#options
    registry.counter('wombat_monitor_clock_steps_total')
    registry.counter('wombat_monitor_clock_step_seconds_total')
    this.#unsubscribe = clock.onStep((step) => this.#follow(step))
    this.#timer = setInterval(() => clock.synchronize(), checkIntervalMs).unref()
  }

  close(): void {
    this.#unsubscribe?.()
    clearInterval(this.#timer)
  }

  #follow({ deltaMs, atMs }: ClockStep): void {
    const { clock, registry, logger, shifts } = this.#options
    for (const shift of shifts) shift(deltaMs)
    registry.incrementCounter('wombat_monitor_clock_steps_total')
    registry.incrementCounter('wombat_monitor_clock_step_seconds_total', Math.abs(deltaMs) / 1000)
    this.#unlogged++
    if (clock.monotonicMs() - this.#loggedMs < minLogIntervalMs) return
    logger.warn(
      { stepSeconds: deltaMs / 1000, time: formatTime(atMs), steps: this.#unlogged },
      `the system clock was set ${deltaMs < 0 ? 'back' : 'forward'}; samples, alerts and health results are dated by the new time. If it happens again, check time synchronization (NTP)`,
    )
    this.#loggedMs = clock.monotonicMs()
    this.#unlogged = 0
  }
}

/** A clock may be set to a time that a Date cannot express. */
function formatTime(timeMs: number): string {
  return Math.abs(timeMs) <= 8.64e15 ? new Date(timeMs).toISOString() : String(timeMs)
}
