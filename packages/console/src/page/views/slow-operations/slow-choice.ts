import { computed } from '@preact/signals'
import type { Parameters } from '../../api/client.ts'
import { selectedStore } from '../../data/stores.ts'
import { timeRange } from '../../data/time-range.ts'
import { parseParameterDuration } from '../../format/durations.ts'
import { parameter, setParameters } from '../../router.ts'

/** How many entries a page has. */
export const pageSize = 50

/** The store and the time of the page. What has happened since the last sample belongs to a range that moves with time. */
const scope = computed<Parameters>(() => {
  const { startMs, endMs, range } = timeRange.value
  const store = selectedStore.value
  if (range !== undefined) return { store, start: `-${range}` }
  return { store, start: Math.round(startMs), end: Math.round(endMs) }
})

/** Returns the parameters for the slow operations that are chosen, without their page; `cause` is left out for the count of each. */
export function slowParameters(): Parameters {
  const minimum = parameter('slow-operations', 'minimum')
  // What is no duration is sent as it is, so that the answer says what is wrong with it.
  const minimumMs = minimum === undefined ? undefined : parseParameterDuration(minimum)
  return {
    ...scope.value,
    operation: parameter('slow-operations', 'operation'),
    minSeconds: minimumMs === undefined ? minimum : minimumMs / 1000,
  }
}

/** Returns the parameters for the errors that are chosen, without their page. */
export function errorParameters(): Parameters {
  return {
    ...scope.value,
    operation: parameter('slow-operations', 'operation'),
    errorType: parameter('slow-operations', 'error'),
  }
}

/** Returns the parameters that only choose the store and the time. */
export function scopeParameters(): Parameters {
  return scope.value
}

/** Returns how many entries are on the pages before; 0 if the address has no whole number. */
export function chosenOffset(): number {
  const offset = Number(parameter('slow-operations', 'offset') ?? 0)
  return Number.isInteger(offset) && offset > 0 ? offset : 0
}

/** Shows another page. */
export function choosePage(offset: number): void {
  setParameters('slow-operations', { offset: offset === 0 ? undefined : String(offset) })
}

type Filter = 'operation' | 'cause' | 'minimum' | 'error' | 'sort'

/** Changes filters or the order, and returns to the first page. */
export function chooseFilters(changes: { readonly [Name in Filter]?: string | undefined }): void {
  setParameters('slow-operations', { ...changes, offset: undefined })
}
