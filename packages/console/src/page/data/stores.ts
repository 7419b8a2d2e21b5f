import { computed, signal } from '@preact/signals'
import type { StoresAnswer } from '../api/types.ts'
import { sharedParameter } from '../router.ts'
import { type AnswerData, useAnswer } from './use-answer.ts'

/** The names of all stores, sorted. */
export const storeNames = signal<readonly string[]>([])
const indexes = computed(() => new Map(storeNames.value.map((name, index) => [name, index])))

/** Returns the place of a store among all stores, which chooses its color; the first for a store that is not known. */
export function storeIndex(name: string): number {
  return indexes.value.get(name) ?? 0
}

/** The store that is looked at; undefined for all. */
export const selectedStore = computed(() => sharedParameter('store'))

/** Returns all stores with what they did in the last five minutes. */
export function useStores(): AnswerData<StoresAnswer> {
  const answer = useAnswer('api/v1/stores', { window: '5m' })
  const names = answer.value?.stores.map(({ store }) => store)
  if (names !== undefined && names.join('\n') !== storeNames.peek().join('\n')) {
    // Not while components are drawn.
    queueMicrotask(() => {
      storeNames.value = names
    })
  }
  return answer
}
