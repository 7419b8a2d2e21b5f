/** How long a resolved alert stays listed, in milliseconds, so that its resolution can be repeated (as in Prometheus). */
export const resolvedRetentionMs = 15 * 60_000

/** The state of one alert. An inactive alert has no state. */
export interface AlertState {
  readonly name: 'pending' | 'firing' | 'resolved'
  /** When the condition began to hold. */
  readonly activeAtMs: number
  readonly firedAtMs?: number
  readonly resolvedAtMs?: number
  /** Since when it fires only because of `keepFiringForMs`. */
  readonly keepFiringSinceMs?: number
}

/** Result of one evaluation for one series. `unknown`: there was no data to decide on. */
export type BreachStatus = 'breached' | 'ok' | 'unknown'

/** Delays of the state machine. */
export interface StateDelays {
  /** How long the condition must hold before the alert fires. */
  readonly forMs: number
  /** How long a firing alert keeps firing after the condition stopped holding. */
  readonly keepFiringForMs: number
}

/**
 * Advances one alert by one evaluation, as Prometheus does (rules/alerting.go, Eval). Returns undefined if the alert is inactive.
 * `unknown` keeps the state: a caller that reads missing data as `ok` or `breached` passes that.
 */
export function nextAlertState(
  state: AlertState | undefined,
  status: BreachStatus,
  nowMs: number,
  delays: StateDelays,
): AlertState | undefined {
  if (status === 'unknown') return dropIfExpired(state, nowMs)
  if (status === 'breached') return stepBreached(state, nowMs, delays.forMs)
  return stepOk(state, nowMs, delays.keepFiringForMs)
}

function stepBreached(state: AlertState | undefined, nowMs: number, forMs: number): AlertState {
  if (state?.name === 'firing') {
    const { keepFiringSinceMs: _, ...firing } = state
    return firing
  }
  const activeAtMs = state?.name === 'pending' ? state.activeAtMs : nowMs
  return nowMs - activeAtMs >= forMs ? { name: 'firing', activeAtMs, firedAtMs: nowMs } : { name: 'pending', activeAtMs }
}

function stepOk(state: AlertState | undefined, nowMs: number, keepFiringForMs: number): AlertState | undefined {
  if (state === undefined || state.name === 'pending') return undefined
  if (state.name === 'resolved') return dropIfExpired(state, nowMs)
  const keepFiringSinceMs = state.keepFiringSinceMs ?? nowMs
  if (nowMs - keepFiringSinceMs < keepFiringForMs) return { ...state, keepFiringSinceMs }
  const { keepFiringSinceMs: _, ...firing } = state
  return { ...firing, name: 'resolved', resolvedAtMs: nowMs }
}

function dropIfExpired(state: AlertState | undefined, nowMs: number): AlertState | undefined {
  if (state?.resolvedAtMs === undefined) return state
  return nowMs - state.resolvedAtMs > resolvedRetentionMs ? undefined : state
}

/** Returns whether two states are equal. */
export function isSameState(one: AlertState, other: AlertState): boolean {
  return (
    one.name === other.name &&
    one.activeAtMs === other.activeAtMs &&
    one.firedAtMs === other.firedAtMs &&
    one.resolvedAtMs === other.resolvedAtMs &&
    one.keepFiringSinceMs === other.keepFiringSinceMs
  )
}

/** Returns a state with all times moved by milliseconds. */
export function shiftState(state: AlertState, deltaMs: number): AlertState {
  const { activeAtMs, firedAtMs, resolvedAtMs, keepFiringSinceMs } = state
  return {
    ...state,
    activeAtMs: activeAtMs + deltaMs,
    ...(firedAtMs !== undefined && { firedAtMs: firedAtMs + deltaMs }),
    ...(resolvedAtMs !== undefined && { resolvedAtMs: resolvedAtMs + deltaMs }),
    ...(keepFiringSinceMs !== undefined && { keepFiringSinceMs: keepFiringSinceMs + deltaMs }),
  }
}

/** A pending alert survives an outage of at most this length. */
const outageToleranceMs = 3_600_000
/** After an outage, an alert with a delay of at least this length waits at least this long before it fires. */
const gracePeriodMs = 600_000

/**
 * Returns the state of an alert after an outage from `downAtMs` to `nowMs`, as Prometheus restores it (rules/group.go,
 * RestoreForState): if the delay had ended before the outage, the alert fires at the next evaluation for which its condition
 * holds; if less than ten minutes of the delay remain, ten minutes remain; otherwise the outage does not count. After an outage
 * of more than an hour there is no state.
 *
 * Two differences: a delay of less than ten minutes continues (Prometheus restarts it), and a firing alert stays firing, so that
 * its resolution is notified.
 */
export function restoreState(state: AlertState, downAtMs: number, nowMs: number, forMs: number): AlertState | undefined {
  if (state.name === 'resolved') return dropIfExpired(state, nowMs)
  const outageMs = nowMs - downAtMs
  if (outageMs > outageToleranceMs) return undefined
  if (state.name === 'firing') return state
  const remainingMs = forMs - (downAtMs - state.activeAtMs)
  if (remainingMs <= 0) return state
  const needsGracePeriod = forMs >= gracePeriodMs && remainingMs < gracePeriodMs
  return { name: 'pending', activeAtMs: needsGracePeriod ? nowMs + gracePeriodMs - forMs : state.activeAtMs + outageMs }
}
