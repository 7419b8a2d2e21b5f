import { batch, effect, signal, untracked } from '@preact/signals'
import { get, isSignedOut, serverNowMs } from '../api/client.ts'
import { session } from '../api/session.ts'
import type { QueryRangeAnswer } from '../api/types.ts'
import { toParameterDuration } from '../format/durations.ts'
import { dataEpoch } from '../live/stream.ts'

/** How often the history takes a sample. */
export const sampleIntervalMs = signal(10_000)

/** When the first sample that is known was taken, also by an earlier process if a file keeps the history. Undefined if it is unknown. */
export const historyStartMs = signal<number | undefined>(undefined)

/** Whether both are known, or cannot be. Before, a range would be asked for that is then not shown. */
export const isHistoryKnown = signal(false)

/** It is in every sample, whatever the application does. */
const probeMetric = 'wombat_monitor_history_reach_seconds'
const probeSpanMs = 7 * 86_400_000
const probeStepMs = 900_000
/** How exact the start is known in the end. */
const fineStepMs = 15_000
/** How long after the start of the process its first sample is found at most. */
const maxFirstDelayMs = 120_000

effect(() => {
  dataEpoch.value
  const { startedAtMs } = session.value ?? {}
  if (session.value !== undefined && !isSignedOut.value) untracked(() => void readHistory(startedAtMs))
})

async function readHistory(startedAtMs: number | undefined): Promise<void> {
  const [intervalMs, startMs] = await Promise.all([readInterval(), findStart(startedAtMs)])
  batch(() => {
    if (intervalMs !== undefined && intervalMs >= 1000) sampleIntervalMs.value = intervalMs
    historyStartMs.value = startMs
    isHistoryKnown.value = true
  })
}

/** The interval is an option of the monitor. If it is kept from this page, it is the default. */
async function readInterval(): Promise<number | undefined> {
  const result = await get('api/v1/config')
  const value = result.ok ? result.value.options?.find(({ option }) => option === 'historyIntervalMs')?.value : undefined
  return typeof value === 'number' ? value : undefined
}

async function findStart(startedAtMs: number | undefined): Promise<number | undefined> {
  const nowMs = serverNowMs()
  const firstMs = await findFirst(nowMs - probeSpanMs, nowMs, probeStepMs)
  if (firstMs === undefined) return startedAtMs
  // Older than the longest range that is offered.
  if (firstMs < nowMs - probeSpanMs + probeStepMs) return undefined
  const fineMs = (await findFirst(firstMs - probeStepMs, firstMs, fineStepMs)) ?? firstMs
  const isOwn = startedAtMs !== undefined && startedAtMs <= fineMs && fineMs - startedAtMs <= maxFirstDelayMs
  return isOwn ? startedAtMs : fineMs - fineStepMs
}

async function findFirst(startMs: number, endMs: number, stepMs: number): Promise<number | undefined> {
  const step = toParameterDuration(stepMs)
  const result = await get('api/v1/query_range', { metric: probeMetric, by: '', start: startMs, end: endMs, step })
  return result.ok ? firstPointMs(result.value) : undefined
}

function firstPointMs({ series }: QueryRangeAnswer): number | undefined {
  return series[0]?.points[0]?.[0]
}
