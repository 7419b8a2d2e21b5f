/** Returns a generator of pseudo-random numbers from 0 to 1, the same in every run (Marsaglia's 32-bit xorshift). */
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

/** Returns log-uniformly distributed numbers, so that a branch predictor cannot learn their bucket. */
export function logUniform(count: number, low: number, high: number, random: () => number): Float64Array {
  return Float64Array.from({ length: count }, () => low * (high / low) ** random())
}
