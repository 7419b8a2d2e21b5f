/** Windows over the items, one after the other and without end: no pass is about items that its neighbour has just warmed. */
export function windowsOver<T>(items: readonly T[], size: number): () => readonly T[] {
  const endless = Array.from({ length: items.length + size }, (_, index) => items[index % items.length] as T)
  let from = 0
  return () => {
    const window = endless.slice(from, from + size)
    from = (from + size) % items.length
    return window
  }
}
