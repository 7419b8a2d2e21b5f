import { type Signal, signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { ApiError, Parameters, Result } from '../api/client.ts'
import { toParameterDuration } from '../format/durations.ts'
import { dataEpoch } from '../live/stream.ts'
import { type Asked, type Known, missingFrom } from './range-points.ts'
import { queued } from './request-queue.ts'
import { alignDown } from './steps.ts'
import { isPageVisible, nowMs, type TimeWindow } from './time-range.ts'

export interface RangeState<Value> {
  readonly known: Value | undefined
  /** Nothing is known yet. */
  readonly isLoading: boolean
  /** The last request failed. What was known before is still there. */
  readonly error?: ApiError
  readonly reload: () => void
}

interface Entry<Value> {
  readonly parameters: Parameters
  readonly stepMs: number
  readonly state: Signal<{ readonly known?: Value; readonly error?: ApiError }>
  subscribers: number
  usedAt: number
  epoch: number
  wanted: { readonly startMs: number; readonly endMs: number } | undefined
  isRunning: boolean
  controller: AbortController | undefined
  retry: ReturnType<typeof setTimeout> | undefined
}

/** Queries that nothing shows any more are kept, so that going back is instant. */
const maxEntries = 120

/**
 * Keeps what is known of queries over time. Equal queries are asked once. If the end of a range moves on, only what is new is asked for; the
 * steps lie at multiples of their length, so that the answers fit together.
 */
export class RangeCache<Value extends Known, Answer> {
  readonly #entries = new Map<string, Entry<Value>>()
  readonly #ask: (parameters: Parameters, signal: AbortSignal) => Promise<Result<Answer>>
  readonly #merge: (known: Value | undefined, answer: Answer, asked: Asked) => Value
  #uses = 0

  constructor(
    ask: (parameters: Parameters, signal: AbortSignal) => Promise<Result<Answer>>,
    merge: (known: Value | undefined, answer: Answer, asked: Asked) => Value,
  ) {
    this.#ask = ask
    this.#merge = merge
  }

  /** A hook: returns what is known of a query in a window, and asks for the rest. `id` tells queries apart that differ in more than the step. */
  use(id: string | undefined, parameters: Parameters | undefined, window: TimeWindow): RangeState<Value> {
    const { startMs, stepMs } = window
    // What is still to come is asked for when it has come.
    const endMs = window.endMs > nowMs.peek() ? Math.max(startMs, Math.min(window.endMs, nowMs.value)) : window.endMs
    const entry = parameters === undefined ? undefined : this.#find(parameters, stepMs)
    const isVisible = isPageVisible.value
    const epoch = dataEpoch.value
    useEffect(() => {
      if (entry === undefined) return
      entry.subscribers++
      return () => {
        entry.subscribers--
        if (entry.subscribers === 0) cancel(entry)
      }
    }, [entry])
    useEffect(() => {
      if (entry !== undefined && isVisible) this.#want(entry, startMs, endMs, epoch)
    }, [entry, startMs, endMs, isVisible, epoch])
    const state = entry?.state.value
    // Until the answer for another range or step is there, and while nothing is asked for, what was shown stays.
    const previous = useRef<{ readonly id: string | undefined; readonly known: Value } | undefined>(undefined)
    if (state?.known !== undefined) previous.current = { id, known: state.known }
    const shown = entry === undefined || previous.current?.id === id ? previous.current : undefined
    const known = state?.known ?? shown?.known
    return {
      known,
      isLoading: known === undefined && state?.error === undefined,
      ...(state?.error && { error: state.error }),
      reload: () => entry !== undefined && this.#want(entry, startMs, endMs, epoch),
    }
  }

  #find(parameters: Parameters, stepMs: number): Entry<Value> {
    const key = JSON.stringify([parameters, stepMs])
    let entry = this.#entries.get(key)
    if (entry === undefined) {
      entry = {
        parameters,
        stepMs,
        state: signal({}),
        subscribers: 0,
        usedAt: 0,
        epoch: dataEpoch.peek(),
        wanted: undefined,
        isRunning: false,
        controller: undefined,
        retry: undefined,
      }
      this.#entries.set(key, entry)
      this.#dropUnused()
    }
    entry.usedAt = ++this.#uses
    return entry
  }

  #dropUnused(): void {
    const count = this.#entries.size - maxEntries
    if (count <= 0) return
    const unused = [...this.#entries].filter(([, { subscribers, usedAt }]) => subscribers === 0 && usedAt > 0)
    for (const [key] of unused.sort(([, a], [, b]) => a.usedAt - b.usedAt).slice(0, count)) this.#entries.delete(key)
  }

  #want(entry: Entry<Value>, startMs: number, endMs: number, epoch: number): void {
    if (entry.epoch !== epoch) {
      entry.controller?.abort()
      entry.epoch = epoch
      entry.state.value = {}
    }
    entry.wanted = { startMs: alignDown(startMs, entry.stepMs), endMs: alignDown(endMs, entry.stepMs) }
    if (!entry.isRunning) void this.#run(entry)
  }

  /** Asks until all that is wanted is known, or a request fails. */
  async #run(entry: Entry<Value>): Promise<void> {
    entry.isRunning = true
    clearTimeout(entry.retry)
    try {
      while (entry.wanted !== undefined) {
        const { startMs, endMs } = entry.wanted
        const { epoch } = entry
        const known = entry.state.peek().known
        const fromMs = missingFrom(known, startMs, endMs, entry.stepMs)
        if (fromMs === undefined) return
        const controller = new AbortController()
        entry.controller = controller
        const parameters = {
          ...entry.parameters,
          start: fromMs,
          end: endMs,
          step: toParameterDuration(entry.stepMs),
          align: true,
        }
        const result = await queued(async () =>
          controller.signal.aborted ? undefined : this.#ask(parameters, controller.signal),
        )
        if (result === undefined || controller.signal.aborted || entry.epoch !== epoch) continue
        if (!result.ok) return this.#fail(entry, result.error)
        entry.state.value = { known: this.#merge(known, result.value, { fromMs, endMs, keepFromMs: startMs }) }
      }
    } finally {
      entry.isRunning = false
    }
  }

  #fail(entry: Entry<Value>, error: ApiError): void {
    // The server is busy for a moment: nothing that a reader must know.
    if (error.retryAfterMs !== undefined && entry.subscribers > 0) {
      entry.retry = setTimeout(() => void this.#run(entry), error.retryAfterMs)
      return
    }
    entry.state.value = { ...entry.state.peek(), error }
  }
}

function cancel(entry: Entry<Known>): void {
  entry.controller?.abort()
  clearTimeout(entry.retry)
  entry.wanted = undefined
}
