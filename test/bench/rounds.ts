/**
 * Returns the order of the cases in one round. It changes with each round: in twice as many rounds as there are cases, each case
 * follows every other case equally often (E. J. Williams' design). Otherwise the same case would always be affected by the garbage
 * and the warm caches of the same predecessor.
 */
export function computeOrder(round: number, cases: number): number[] {
  const zigzag = Array.from({ length: cases }, (_, place) => (place % 2 === 0 ? place / 2 : cases - (place + 1) / 2))
  const rotated = zigzag.map((index) => (index + round) % cases)
  return Math.floor(round / cases) % 2 === 0 ? rotated : rotated.reverse()
}
