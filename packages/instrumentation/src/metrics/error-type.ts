/** The error type of an error without a documented code: the fallback value of OpenTelemetry's `error.type`. */
export const otherError = '_OTHER'

/**
 * Returns the `error.type` of a failed operation: the error's `code` if the store's authors documented it, else that of its
 * `cause`, else `_OTHER`. Messages are never used: they contain keys and paths, and each would create a time series.
 *
 * @param known the documented error codes.
 */
export function errorType(error: unknown, known: ReadonlySet<string>): string {
  try {
    for (let at = error, depth = 0; typeof at === 'object' && at !== null && depth < 4; depth++) {
      const { code, cause } = at as { code?: unknown; cause?: unknown }
      if (typeof code === 'string' && known.has(code)) return code
      at = cause
    }
  } catch {
    // A getter of the error threw: its type stays unknown.
  }
  return otherError
}

/**
 * Returns a short name of an error for log lines: its code, else the name of its class, else its JavaScript type. Unlike
 * `errorType`, the set of results is open. Messages are never used: they may contain keys and paths. A code or a class name
 * that does not look like an identifier is skipped for the same reason.
 */
export function errorKind(error: unknown): string {
  try {
    if (typeof error !== 'object' || error === null) return typeof error
    const { code, constructor: errorClass } = error as { code?: unknown; constructor?: { name?: unknown } }
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{0,63}$/.test(code)) return code
    if (typeof errorClass?.name === 'string' && /^[A-Za-z_$][\w$]{0,63}$/.test(errorClass.name)) return errorClass.name
  } catch {
    // A getter of the error threw: its kind stays unknown.
  }
  return 'object'
}
