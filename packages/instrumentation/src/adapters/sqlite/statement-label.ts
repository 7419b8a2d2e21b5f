const maxLength = 80
/** What a label that is cut ends with: an ellipsis, ` #` and eight digits. */
const suffixLength = 11

/** Returns the text of a statement as a label: cut to 80 characters, with a hash of the whole so that two do not become one. */
export function statementLabel(text: string): string {
  const wellFormed = text.toWellFormed()
  if (wellFormed.length <= maxLength) return wellFormed || '(empty)'
  const start = wellFormed.slice(0, maxLength - suffixLength).toWellFormed()
  return `${start.trimEnd()}\u2026 #${hash(wellFormed)}`
}

/** Returns the FNV-1a hash of a text, as 8 hexadecimal digits. */
function hash(text: string): string {
  let state = 0x811c9dc5
  for (let at = 0; at < text.length; at++) state = Math.imul(state ^ text.charCodeAt(at), 0x01000193)
  return (state >>> 0).toString(16).padStart(8, '0')
}
