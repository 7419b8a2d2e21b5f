/** Numbers from 0 to 1 that look random and are the same in every run (Marsaglia's xorshift with 32 bits). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item)
}

/** Every magnitude between the two is as likely as every other: a branch predictor learns nothing. */
export function logUniform(count: number, low: number, high: number, random: () => number): Float64Array {
  return Float64Array.from({ length: count }, () => low * (high / low) ** random())
}
