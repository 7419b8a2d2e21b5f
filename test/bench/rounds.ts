/**
 * The order of the cases in one round. It is another one each time, and within twice as many rounds as there are cases each
 * case follows each other one equally often (E. J. Williams' design): none always pays for the garbage, or finds the caches,
 * that the same neighbor left.
 */
export function orderOf(round: number, cases: number): number[] {
  const zigzag = Array.from({ length: cases }, (_, place) => (place % 2 === 0 ? place / 2 : cases - (place + 1) / 2))
  const rotated = zigzag.map((index) => (index + round) % cases)
  return Math.floor(round / cases) % 2 === 0 ? rotated : rotated.reverse()
}
