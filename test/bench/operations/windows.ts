import { randomNumbers } from '../random.ts'

/**
 * Windows over the items, each from somewhere else: no pass is about items that its neighbor has just warmed, and none of
 * the cases, which come in a regular order, gets the same few windows each time.
 */
export function windowsOver<T>(items: readonly T[], size: number): () => readonly T[] {
  const endless = Array.from({ length: items.length + size }, (_, index) => items[index % items.length] as T)
  const random = randomNumbers(items.length)
  return () => {
    const from = Math.floor(random() * items.length)
    return endless.slice(from, from + size)
  }
}
