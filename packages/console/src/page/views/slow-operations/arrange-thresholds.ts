import type { SlowOperationsAnswer } from '../../api/types.ts'

/** The threshold of an operation of a store: the lowest and highest of several processes. */
export interface ThresholdSpan {
  readonly minSeconds: number
  readonly maxSeconds: number
}

export interface ThresholdRow {
  readonly store: string
  /** By operation. */
  readonly spans: ReadonlyMap<string, ThresholdSpan>
}

/** Returns one row for each store with the adaptive thresholds of its operations, by name. */
export function arrangeThresholds(thresholds: SlowOperationsAnswer['adaptiveThresholds']): readonly ThresholdRow[] {
  const byStore = new Map<string, Map<string, ThresholdSpan>>()
  for (const { store, operation, seconds } of thresholds) {
    const spans = byStore.get(store) ?? new Map<string, ThresholdSpan>()
    byStore.set(store, spans)
    const { minSeconds, maxSeconds } = spans.get(operation) ?? { minSeconds: seconds, maxSeconds: seconds }
    spans.set(operation, { minSeconds: Math.min(minSeconds, seconds), maxSeconds: Math.max(maxSeconds, seconds) })
  }
  return [...byStore]
    .map(([store, spans]) => ({ store, spans }))
    .sort((a, b) => a.store.localeCompare(b.store, 'en', { numeric: true }))
}
