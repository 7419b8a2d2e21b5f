/** Runs operations serially: each waits for the previous one. */
export async function oneAtATime<T>(items: readonly T[], operation: (item: T) => Promise<unknown>): Promise<void> {
  for (const item of items) await operation(item)
}

/** Runs operations in groups of `count` concurrent ones: a store with threads works on several at once. */
export async function together<T>(count: number, items: readonly T[], operation: (item: T) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < items.length; from += count) await Promise.all(items.slice(from, from + count).map(operation))
}

export function synchronously<T>(items: readonly T[], operation: (item: T) => unknown): void {
  for (const item of items) operation(item)
}
