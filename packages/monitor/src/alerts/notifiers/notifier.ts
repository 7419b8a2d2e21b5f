import type { Alert } from '../manager.ts'

/** The alerts of one rule that are told together: those that fire, and those that were resolved since the last telling. */
export interface AlertGroup {
  readonly rule: string
  readonly atMs: number
  readonly firing: readonly Alert[]
  readonly resolved: readonly Alert[]
}

/**
 * Somebody to tell. Sending resolves when it was taken, and rejects when not: with `Refused` where trying again is of no use.
 * Only what a `NotSent` says is logged; of any other error its kind is.
 */
export interface Notifier {
  /** What it is called in logs and metrics; never an address. */
  readonly name: string
  /** How often what still fires is told again. */
  readonly repeatMs: number
  /** Whether resolutions are told. */
  readonly sendResolved: boolean
  send(group: AlertGroup, signal: AbortSignal): Promise<void>
}

/** Why something was not sent, in a sentence of ours: it shows no address and no secret. */
export class NotSentError extends Error {
  override readonly name: string = 'NotSent'
}

/** The other side understood and does not want it: a 4xx. Sending the same again would get the same answer. */
export class RejectedError extends NotSentError {
  override readonly name = 'Refused'
}
