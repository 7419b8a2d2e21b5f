/** A series' labels. Values are names from closed sets: never a key, a value, a path or a message. */
export type Labels = Readonly<Record<string, string>>

/** Longer values are refused: a label is a name, and each distinct one is a series for as long as the process lives. */
export const maximumLabelLength = 1024

/**
 * What is wrong with a label's value, or undefined. An empty value is refused because Prometheus treats it as no label,
 * so two series would become one; a lone surrogate because UTF-8 cannot carry it.
 */
export function validateLabel(key: string, value: unknown): string | undefined {
  if (typeof value !== 'string') return `label ${key} must be a string, got ${value === null ? 'null' : typeof value}`
  if (value === '') return `label ${key} must not be empty: Prometheus takes an empty label for none`
  if (value.length > maximumLabelLength)
    return `label ${key} must have at most ${maximumLabelLength} characters, got ${value.length}`
  if (!value.isWellFormed()) return `label ${key} holds half a surrogate pair, which UTF-8 cannot carry`
  return undefined
}

/** One string for one set of labels, whatever the order of its keys; with its length no value can pass for another label. */
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
