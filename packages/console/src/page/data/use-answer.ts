import { type Signal, signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { type ApiError, get, type Parameters } from '../api/client.ts'
import type { GetAnswers } from '../api/types.ts'
import { dataEpoch, lastSampleMs } from '../live/stream.ts'
import { queued } from './request-queue.ts'
import { isPageVisible, isPaused } from './time-range.ts'

export interface AnswerData<Value> {
  /** The last answer, also while a newer one is asked for or has failed. */
  readonly value: Value | undefined
  readonly isLoading: boolean
  readonly error?: ApiError
  readonly reload: () => void
}

interface Entry {
  readonly state: Signal<{ readonly value?: unknown; readonly error?: ApiError }>
  readonly ask: (signal: AbortSignal) => ReturnType<typeof get>
  subscribers: number
  usedAt: number
  /** The sample and epoch of the last request. */
  askedFor: string | undefined
  /** Of the request that runs. */
  controller: AbortController | undefined
}

/** The parameters that only say when, or which page. */
const noTimes: Parameters = {
  time: undefined,
  start: undefined,
  end: undefined,
  step: undefined,
  window: undefined,
  offset: undefined,
}

/** Answers that nothing shows any more are kept, so that going back is instant. */
const maxEntries = 60
const entries = new Map<string, Entry>()
let uses = 0

/**
 * Returns the answer of an endpoint. It is asked for again after each sample, or only once if `refresh` is `never`; not while the page is
 * hidden or paused. Equal requests are sent once. A path that is undefined asks for nothing.
 */
export function useAnswer<Path extends keyof GetAnswers>(
  path: Path | undefined,
  parameters: Parameters = {},
  { refresh = 'sample' }: { readonly refresh?: 'sample' | 'never' } = {},
): AnswerData<GetAnswers[Path]> {
  const entry = path === undefined ? undefined : findEntry(path, parameters)
  const version = `${dataEpoch.value} ${refresh === 'sample' ? lastSampleMs.value : ''}`
  const isVisible = isPageVisible.value
  const isStopped = isPaused.value

  useEffect(() => {
    if (entry === undefined) return
    entry.subscribers++
    return () => {
      entry.subscribers--
      if (entry.subscribers > 0) return
      entry.controller?.abort()
      entry.controller = undefined
      entry.askedFor = undefined
    }
  }, [entry])

  useEffect(() => {
    if (entry !== undefined && isVisible && !(isStopped && entry.state.peek().value !== undefined)) void ask(entry, version)
  }, [entry, version, isVisible, isStopped])

  const state = entry?.state.value
  // While the answer for another time is on its way, what was shown stays; but never that of another store.
  const id = JSON.stringify([path, { ...parameters, ...noTimes }])
  const previous = useRef<{ readonly id: string; readonly value: unknown } | undefined>(undefined)
  if (state?.value !== undefined) previous.current = { id, value: state.value }
  const value = state?.value ?? (previous.current?.id === id ? previous.current.value : undefined)
  return {
    value: value as GetAnswers[Path] | undefined,
    isLoading: value === undefined && state?.error === undefined,
    ...(state?.error && { error: state.error }),
    reload: () => entry !== undefined && void ask(entry, `${version} again`, true),
  }
}

/** Puts a newer answer in the place of the one that is shown, for example what a change answered with. */
export function putAnswer<Path extends keyof GetAnswers>(path: Path, value: GetAnswers[Path], parameters: Parameters = {}): void {
  findEntry(path, parameters).state.value = { value }
}

function findEntry<Path extends keyof GetAnswers>(path: Path, parameters: Parameters): Entry {
  const key = JSON.stringify([path, Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1))])
  let entry = entries.get(key)
  if (entry === undefined) {
    entry = {
      state: signal({}),
      ask: (signal) => get(path, parameters, signal),
      subscribers: 0,
      usedAt: 0,
      askedFor: undefined,
      controller: undefined,
    }
    entries.set(key, entry)
    dropUnused()
  }
  entry.usedAt = ++uses
  return entry
}

function dropUnused(): void {
  if (entries.size <= maxEntries) return
  const unused = [...entries].filter(([, { subscribers }]) => subscribers === 0).sort(([, a], [, b]) => a.usedAt - b.usedAt)
  for (const [key] of unused.slice(0, entries.size - maxEntries)) entries.delete(key)
}

async function ask(entry: Entry, version: string, isForced = false): Promise<void> {
  // A slow answer is not thrown away for a newer question: there would never be one.
  if (!isForced && (entry.askedFor === version || entry.controller !== undefined)) return
  entry.askedFor = version
  entry.controller?.abort()
  const controller = new AbortController()
  entry.controller = controller
  const result = await queued(async () => (controller.signal.aborted ? undefined : entry.ask(controller.signal)))
  if (entry.controller === controller) entry.controller = undefined
  if (result === undefined || controller.signal.aborted) return
  entry.state.value = result.ok ? { value: result.value } : { ...entry.state.peek(), error: result.error }
}
