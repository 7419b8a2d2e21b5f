/** Returns how many entries a list has that a call got or returned; 0 if it is no array. */
export function lengthOf(entries: unknown): number {
  return Array.isArray(entries) ? entries.length : 0
}
