/** Returns a generator of pseudo-random numbers from 0 to 1 that depends on the seed only: Marsaglia's 32-bit xorshift. */
export function randomFrom(seed: number): () => number {
  let state = seed | 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}
