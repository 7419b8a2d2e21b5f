import { computed, effect, signal } from '@preact/signals'
import { formatDuration, parseParameterDuration } from '../format/durations.ts'
import { lastSampleMs } from '../live/stream.ts'
import { setSharedParameters, sharedParameter } from '../router.ts'
import { historyStartMs, sampleIntervalMs } from './history.ts'
import { alignDown, chooseStepMs } from './steps.ts'

/** The ranges that are offered. */
export const offeredRanges = ['15m', '1h', '6h', '1d', '7d'] as const
const defaultRange = '15m'
/** A range shorter than this shows two or three samples. */
const minSpanMs = 60_000
/** The range of a process that has just started is shorter, so that its first samples are not at the right edge. */
const minYoungSpanMs = 30_000

/** A range of time with the step of its points. */
export interface TimeWindow {
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
}

export interface TimeRange extends TimeWindow {
  /** The range that moves with time, for example `1h`; undefined if it is between two fixed times. */
  readonly range: string | undefined
}

/** Whether the reader sees the page. Nothing is asked while it is hidden. */
export const isPageVisible = signal(document.visibilityState !== 'hidden')
document.addEventListener('visibilitychange', () => {
  isPageVisible.value = document.visibilityState !== 'hidden'
})

/** Whether the reader has stopped the page: it asks for nothing until it goes on. */
export const isPaused = computed(() => sharedParameter('paused') !== undefined)

/** The end of everything that moves with time: the last sample, or that before a pause. */
export const nowMs = signal(Date.now())
effect(() => {
  if (lastSampleMs.value !== undefined && !isPaused.value) nowMs.value = lastSampleMs.value
})

/** The range of the page, from the address. */
export const timeRange = computed<TimeRange>(() => {
  const fromMs = parseTime(sharedParameter('from'))
  const toMs = parseTime(sharedParameter('to'))
  if (fromMs !== undefined && toMs !== undefined && toMs > fromMs) {
    return { startMs: fromMs, endMs: toMs, stepMs: chooseStepMs(toMs - fromMs, sampleIntervalMs.value), range: undefined }
  }
  const range = chosenRange.value
  return { ...lastWindow(parseParameterDuration(range) ?? 900_000), range }
})

/** The range that moves with time and is, or was before a zoom, chosen. */
export const chosenRange = computed(() => {
  const range = sharedParameter('range')
  return range !== undefined && (parseParameterDuration(range) ?? 0) >= minSpanMs ? range : defaultRange
})

/**
 * Returns the window of a span that ends now. It begins with the first sample at the earliest, so that the charts of a young process are not
 * empty but for a sliver.
 */
export function lastWindow(spanMs: number): TimeWindow {
  const endMs = alignDown(nowMs.value, sampleIntervalMs.value)
  const startMs = Math.max(endMs - spanMs, Math.min(historyStartMs.value ?? 0, endMs - minYoungSpanMs))
  return { startMs, endMs, stepMs: chooseStepMs(endMs - startMs, sampleIntervalMs.value) }
}

/** Whether the range that is chosen begins before anything is known, so that a shorter one is shown. */
export const isRangeCut = computed(() => {
  const { startMs, endMs, range } = timeRange.value
  return range !== undefined && endMs - startMs < (parseParameterDuration(range) ?? 0)
})

/** The range of the page in words, as the beginning of a sentence. */
export const rangeText = computed(() => {
  const { startMs, endMs, range } = timeRange.value
  const duration = formatDuration((endMs - startMs) / 1000)
  if (range === undefined) return `In the chosen ${duration}`
  return isRangeCut.value ? `In the ${duration} since the start` : `Over the last ${duration}`
})

function parseTime(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const timeMs = /^\d+$/.test(text) ? Number(text) : Date.parse(text)
  return Number.isFinite(timeMs) && timeMs > 0 ? timeMs : undefined
}

/** Shows a range that moves with time, without pause. */
export function showRange(range: string): void {
  setSharedParameters({ range: range === defaultRange ? undefined : range, from: undefined, to: undefined, paused: undefined })
}

/** Shows the time between two times: all charts of the page zoom there. A pause remains. */
export function zoomTo(fromMs: number, toMs: number): void {
  const spanMs = Math.max(toMs - fromMs, minSpanMs)
  // A short range becomes longer at both ends, but does not reach into the future.
  const endMs = Math.max(toMs, Math.min((fromMs + toMs + spanMs) / 2, nowMs.peek()))
  setSharedParameters({ from: String(Math.round(endMs - spanMs)), to: String(Math.round(endMs)) })
}

/** Returns to the range that moves with time. */
export function showLive(): void {
  setSharedParameters({ from: undefined, to: undefined, paused: undefined })
}

/** Stops the page: charts keep their range, and nothing is asked. */
export function pause(): void {
  const { startMs, endMs } = timeRange.peek()
  setSharedParameters({ from: String(startMs), to: String(endMs), paused: 'yes' })
}
