import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { performance } from 'node:perf_hooks'

/** What Node publishes when a module is imported or required. Only the application's entry point has no parent. */
interface ModuleLoad {
  readonly parentURL?: string
  readonly parentFilename?: string
}

const startChannel = 'tracing:module.import:start'
/** Published when a module has been evaluated. Node starts a CommonJS entry point with both, in a fixed order. */
const endChannels = ['tracing:module.require:end', 'tracing:module.import:asyncEnd']

/** An event loop that has waited for so long runs, also if the entry point is at a top-level `await`. */
const minIdleMs = 100

/** When the application had started: the time, and for how long the event loop had been active. */
export interface ApplicationStart {
  /** In the time of `performance.now()`; infinite while the application starts. */
  readonly timeMs: number
  readonly activeMs: number
}

const starting: ApplicationStart = { timeMs: Number.POSITIVE_INFINITY, activeMs: Number.POSITIVE_INFINITY }

let start: ApplicationStart = { timeMs: Number.NEGATIVE_INFINITY, activeMs: 0 }
/** How long the event loop had waited when the entry point was about to be loaded. */
let idleBeforeMs = 0

/**
 * Declares that the application has not started: until its entry point has been evaluated, the event loop is not expected to iterate.
 * Only the preload can know that. Call it before the first `await`.
 */
export function awaitApplicationStart(): void {
  const begin = (): void => {
    start = starting
    idleBeforeMs = performance.eventLoopUtilization().idle
  }
  const onStart = (load: unknown): void => {
    if (isEntryPoint(load)) begin()
  }
  const onEnd = (load: unknown): void => {
    if (!isEntryPoint(load)) return
    endStart()
    unsubscribe(startChannel, onStart)
    for (const channel of endChannels) unsubscribe(channel, onEnd)
  }
  begin()
  subscribe(startChannel, onStart)
  for (const channel of endChannels) subscribe(channel, onEnd)
}

/** Returns when the application had started; infinitely long ago if there was no preload. */
export function applicationStart(): ApplicationStart {
  if (start === starting && performance.eventLoopUtilization().idle - idleBeforeMs >= minIdleMs) endStart()
  return start
}

function endStart(): void {
  if (start === starting) start = { timeMs: performance.now(), activeMs: performance.eventLoopUtilization().active }
}

function isEntryPoint(load: unknown): boolean {
  const { parentURL, parentFilename } = load as ModuleLoad
  return parentURL === undefined && parentFilename === undefined
}
