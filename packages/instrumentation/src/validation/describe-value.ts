/** Returns a value as text for an error message: what it is, and never more of its content than a short primitive. Never throws. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 100 ? `${value.slice(0, 100)}\u2026` : value)
  if (typeof value === 'function') return `the function ${readName(value)}`
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value)) return 'an array'
  return `an object of class ${readClassName(value)}`
}

/** The properties of a foreign object may be getters that throw. */
function readClassName(value: object): string {
  try {
    return readName(value.constructor)
  } catch {
    return 'unknown'
  }
}

function readName(value: unknown): string {
  try {
    const name: unknown = (value as { name?: unknown } | undefined)?.name
    return typeof name === 'string' && name !== '' ? name : 'unknown'
  } catch {
    return 'unknown'
  }
}
