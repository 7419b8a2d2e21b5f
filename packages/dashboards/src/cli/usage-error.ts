import { closest, distance } from 'fastest-levenshtein'

/** What was typed cannot be meant; the command ends with 2. */
export class UsageError extends Error {
  override readonly name = 'Misuse'
}

/** The known word that a wrong one may have been meant for; nothing where none is near. */
export function suggest(word: string, known: readonly string[]): string {
  const guess = closest(word, known)
  return distance(word, guess) <= Math.max(3, word.length / 3) ? `: did you mean ${guess}?` : ''
}
