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
