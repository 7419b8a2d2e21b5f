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
