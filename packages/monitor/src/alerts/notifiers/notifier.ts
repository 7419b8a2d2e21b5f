import { describeKind } from '../../validation/format-issue.ts'
import { boolean, findInvalidFields, integer, optional, type Shape, text } from '../../validation/schema.ts'
import type { Alert } from '../manager.ts'

/** Alerts of one rule that are sent in one notification. */
export interface AlertGroup {
  /** Name of the rule. */
  readonly rule: string
  /** When the rule was evaluated. */
  readonly atMs: number
  /** All alerts of the rule that fire. */
  readonly firing: readonly Alert[]
  /** Alerts of the rule that were resolved by this evaluation. */
  readonly resolved: readonly Alert[]
}

/**
 * Sends alerts somewhere. Pass notifiers as `startMonitoring({ notifiers })`. The monitor keeps a notification that failed, also over a
 * restart if there is a history file, and tries it again: at least once, so that a receiver should recognize repetitions.
 *
 * @example A notifier of your own
 * ```ts
 * import { DeliveryError, type Notifier } from '@wombat/monitor'
 *
 * const sent: string[] = []
 * const pager: Notifier = {
 *   name: 'pager',
 *   repeatMs: 3_600_000,
 *   sendResolved: true,
 *   async send({ rule, firing }, signal) {
 *     if (signal.aborted) throw new DeliveryError('the pager was not called: monitoring is closing')
 *     sent.push(`${rule}: ${firing.length} firing`)
 *   },
 * }
 * await pager.send({ rule: 'StoreStalled', atMs: Date.now(), firing: [], resolved: [] }, AbortSignal.timeout(1000))
 * ```
 */
export interface Notifier {
  /** Name in logs and in metrics. Must not be an address: an address may contain a secret. */
  readonly name: string
  /** How often a notification is repeated while its alerts fire, in milliseconds. */
  readonly repeatMs: number
  /** Whether resolved alerts are sent. */
  readonly sendResolved: boolean
  /**
   * Sends one notification; resolves when the receiver accepted it.
   *
   * @param signal is aborted after a minute, and when monitoring closes and cannot wait any longer.
   * @throws RejectedError if a retry is useless. Any other error is retried. The message of a `DeliveryError` is logged; of other
   * errors only the kind is, because their message may contain an address or a secret.
   */
  send(group: AlertGroup, signal: AbortSignal): Promise<void>
}

/** A notification was not delivered; a retry may succeed. Its message is logged, so it must contain no address and no secret. */
export class DeliveryError extends Error {
  override readonly name: string = 'DeliveryError'
  /** How long to wait before the next attempt, in milliseconds; undefined leaves it to the monitor. */
  readonly retryAfterMs: number | undefined

  constructor(message: string, { retryAfterMs }: { readonly retryAfterMs?: number | undefined } = {}) {
    super(message)
    this.retryAfterMs = retryAfterMs
  }
}

/** The receiver rejected a notification, for example with a 4xx status: it is not retried. */
export class RejectedError extends DeliveryError {
  override readonly name = 'RejectedError'
}

/** Options of every notifier. */
export interface NotifierOptions {
  /** Name in logs and in metrics (default: the kind, such as `webhook`). */
  readonly name?: string
  /** How often a notification is repeated while its alerts fire, in milliseconds (default 4 hours). */
  readonly repeatMs?: number
  /** Whether resolved alerts are sent (default true). */
  readonly sendResolved?: boolean
}

/** Repeat interval of notifiers to people: as Alertmanager's `repeat_interval`. */
export const defaultRepeatMs = 4 * 3_600_000

/** Time limit of one attempt to send. */
export const defaultTimeoutMs = 10_000

/** Schema of times such as `repeatMs`. */
export const millisecondsSchema = integer(1, Number.MAX_SAFE_INTEGER, 'a whole number of milliseconds from 1')

/** Schema of the options of every notifier. */
export const notifierShape = {
  name: optional(text('a name')),
  repeatMs: optional(millisecondsSchema),
  sendResolved: optional(boolean()),
}

/**
 * Validates the options of a notifier.
 *
 * @throws TypeError with every problem. Texts are not shown: they may be secrets.
 */
export function validateOptions(notifier: string, shape: Shape, options: unknown): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(`${notifier}: the options must be an object, got ${describeKind(options)}`)
  }
  const { invalid, unknown } = findInvalidFields(shape, options)
  const problems = [
    ...invalid.map((name) => `${name} must be ${shape[name]?.description}, got ${describeKind(Reflect.get(options, name))}`),
    ...unknown.map((name) => `${name}: no such option`),
  ]
  if (problems.length > 0) throw new TypeError(`${notifier}: ${problems.join('; ')}`)
}

/** Returns when an alert began to fire. */
export function firedAtMs({ state }: Alert): number {
  return state.firedAtMs ?? state.activeAtMs
}
