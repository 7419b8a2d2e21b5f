/** The labels of a series. Values are names from closed sets: never a key, a value, a path or a message. */
export type Labels = Readonly<Record<string, string>>

/**
 * The longest label value, in UTF-16 code units. A label is a name: each distinct one is a series for the life of the
 * process.
 */
export const maximumLabelLength = 1024

/**
 * Returns what is wrong with a label's value, or `undefined` if it is valid. An empty value is invalid because Prometheus
 * treats it as a missing label, so two series would become one; a lone surrogate because UTF-8 cannot encode it.
 */
export function validateLabel(key: string, value: unknown): string | undefined {
  if (typeof value !== 'string') return `label ${key} must be a string, got ${value === null ? 'null' : typeof value}`
  if (value === '') return `label ${key} must not be empty: Prometheus treats an empty label as a missing one`
  if (value.length > maximumLabelLength)
    return `label ${key} must have at most ${maximumLabelLength} characters, got ${value.length}`
  if (!value.isWellFormed()) return `label ${key} must not contain a lone surrogate: UTF-8 cannot encode it`
  return undefined
}

/**
 * Returns one string for one set of labels, independent of the order of its keys. The length before each value keeps
 * different sets apart.
 */
export function seriesKey(labels: Labels): string {
  const keys = Object.keys(labels)
  if (keys.length > 1) keys.sort()
  let identity = ''
  for (const key of keys) {
    const value = labels[key]
    identity += `${key}\u0000${value?.length}\u0000${value}`
  }
  return identity
}
