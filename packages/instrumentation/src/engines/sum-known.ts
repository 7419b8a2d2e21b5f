/** Returns the sum of the known parts; undefined if none is known. */
export function sumKnown(...parts: ReadonlyArray<number | undefined>): number | undefined {
  const knownParts = parts.filter((part) => part !== undefined)
  return knownParts.length === 0 ? undefined : knownParts.reduce((sum, part) => sum + part)
}
