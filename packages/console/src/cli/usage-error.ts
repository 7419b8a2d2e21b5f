import { closest, distance } from 'fastest-levenshtein'

/** Thrown if the command line is invalid; the exit code is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Returns `: did you mean X?` for the most similar known word; an empty string if none is similar. */
export function suggest(word: string, known: readonly string[]): string {
  const guess = closest(word, known)
  return distance(word, guess) <= Math.max(3, word.length / 3) ? `: did you mean ${guess}?` : ''
}
