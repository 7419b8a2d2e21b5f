import { randomNumbers } from '../random.ts'

/**
 * Returns a function that returns a window over the items with a random start. A pass does not use the items that the previous pass
 * has just loaded into the caches, and no case gets the same few windows every time.
 */
export function windowsOver<T>(items: readonly T[], size: number): () => readonly T[] {
  const endless = Array.from({ length: items.length + size }, (_, index) => items[index % items.length] as T)
  const random = randomNumbers(items.length)
  return () => {
    const from = Math.floor(random() * items.length)
    return endless.slice(from, from + size)
  }
}
