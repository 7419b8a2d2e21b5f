/**
 * The kind of a failed operation's error: its `code` where the store's authors documented one, else that of its `cause`,
 * else `_OTHER` (the fallback of OpenTelemetry's `error.type`). Never the message: messages carry keys and paths, and would
 * make one time series each.
 */
export function errorType(error: unknown, known: ReadonlySet<string>): string {
  try {
    for (let at = error, depth = 0; typeof at === 'object' && at !== null && depth < 4; depth++) {
      const { code, cause } = at as { code?: unknown; cause?: unknown }
      if (typeof code === 'string' && known.has(code)) return code
      at = cause
    }
  } catch {
    // A getter of the error threw: its kind stays unknown.
  }
  return otherError
}

/** What an error is called whose kind is not in the closed set. */
export const otherError = '_OTHER'

/**
 * What kind of error it is: its code, else what it was made by. Never its message, which may hold a key or a path; and a
 * code or a name that does not look like one is taken for a message.
 */
export function errorKind(error: unknown): string {
  try {
    if (typeof error !== 'object' || error === null) return typeof error
    const { code, constructor: maker } = error as { code?: unknown; constructor?: { name?: unknown } }
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{0,63}$/.test(code)) return code
    if (typeof maker?.name === 'string' && /^[A-Za-z_$][\w$]{0,63}$/.test(maker.name)) return maker.name
  } catch {
    // A getter of the error threw: what kind it is stays unknown.
  }
  return 'object'
}
