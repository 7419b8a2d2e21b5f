/** A resolved alert is kept this long, so that its resolution can be told again (as Prometheus does). */
export const resolvedKeptMs = 15 * 60_000

/** Where one alert stands. An alert that was never breached, or whose time is over, has no state at all. */
export interface AlertState {
  readonly name: 'pending' | 'firing' | 'resolved'
  /** When the condition began to hold. */
  readonly activeAtMs: number
  readonly firedAtMs?: number
  readonly resolvedAtMs?: number
  /** Since when it fires only because it is kept firing. */
  readonly keptSinceMs?: number
}

/** What one evaluation says of one series: nothing is known of it, or the condition holds, or not. */
export type Verdict = 'unknown' | 'breached' | 'fine'

export interface StateTimes {
  /** How long the condition must hold before the alert fires. */
  readonly forMs: number
  /** How long a firing alert goes on firing after the condition ceased to hold. */
  readonly keepFiringForMs: number
}

/**
 * One tick of one alert, as Prometheus steps it (rules/alerting.go, Eval). `unknown` holds the state: whoever wants silence
 * to mean `fine` or `breached` says so before.
 */
export function step(state: AlertState | undefined, verdict: Verdict, nowMs: number, times: StateTimes): AlertState | undefined {
  if (verdict === 'unknown') return state === undefined || state.name === 'resolved' ? forgetIfOld(state, nowMs) : state
  if (verdict === 'breached') return breached(state, nowMs, times.forMs)
  return fine(state, nowMs, times.keepFiringForMs)
}

function breached(state: AlertState | undefined, nowMs: number, forMs: number): AlertState {
  if (state?.name === 'firing') {
    const { keptSinceMs: _, ...rest } = state
    return rest
  }
  const activeAtMs = state?.name === 'pending' ? state.activeAtMs : nowMs
  return nowMs - activeAtMs >= forMs ? { name: 'firing', activeAtMs, firedAtMs: nowMs } : { name: 'pending', activeAtMs }
}

function fine(state: AlertState | undefined, nowMs: number, keepFiringForMs: number): AlertState | undefined {
  if (state === undefined || state.name === 'pending') return undefined
  if (state.name === 'resolved') return forgetIfOld(state, nowMs)
  const keptSinceMs = state.keptSinceMs ?? nowMs
  if (nowMs - keptSinceMs < keepFiringForMs) return { ...state, keptSinceMs }
  const { keptSinceMs: _, ...rest } = state
  return { ...rest, name: 'resolved', resolvedAtMs: nowMs }
}

function forgetIfOld(state: AlertState | undefined, nowMs: number): AlertState | undefined {
  if (state?.resolvedAtMs === undefined) return state
  return nowMs - state.resolvedAtMs > resolvedKeptMs ? undefined : state
}

/** A restart shorter than this may be survived by a pending alert. */
const outageToleranceMs = 3_600_000
/** What is left of waiting is at least this after a restart. */
const gracePeriodMs = 600_000

/**
 * The state of an alert after the process was away, by Prometheus' three cases (rules/group.go, RestoreForState): a wait that
 * ran out during the outage is over, so that the alert fires at once if its condition still holds; a short rest of it is
 * stretched to ten minutes; else the outage does not count. After an outage of over an hour everything begins anew.
 * Two differences: waits of under ten minutes go on where they stood (Prometheus begins them anew), and what was firing
 * still is, so that its end is told.
 */
export function restoreState(state: AlertState, downAtMs: number, nowMs: number, forMs: number): AlertState | undefined {
  if (state.name === 'resolved') return forgetIfOld(state, nowMs)
  const outageMs = nowMs - downAtMs
  if (outageMs > outageToleranceMs) return undefined
  if (state.name === 'firing') return state
  const restMs = forMs - (downAtMs - state.activeAtMs)
  if (restMs <= 0) return state
  const stretched = forMs >= gracePeriodMs && restMs < gracePeriodMs
  return { name: 'pending', activeAtMs: stretched ? nowMs + gracePeriodMs - forMs : state.activeAtMs + outageMs }
}
