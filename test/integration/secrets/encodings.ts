/** What a secret may look like in an output, beside itself. All in lower case but base64, which would be another text then. */
function encodings(secret: string): Readonly<Record<string, { readonly needle: string; readonly isCased: boolean }>> {
  const bytes = Buffer.from(secret)
  const hex = bytes.toString('hex')
  const inText = { isCased: false }
  return {
    plain: { needle: secret.toLowerCase(), ...inText },
    'percent-encoded': { needle: hex.replace(/../g, '%$&'), ...inText },
    hex: { needle: hex, ...inText },
    'two bytes a letter': { needle: Buffer.from(secret, 'utf16le').toString('latin1').toLowerCase(), ...inText },
    ...Object.fromEntries(
      [0, 1, 2].map((shift) => [`base64, shifted by ${shift}`, { needle: base64(bytes, shift), isCased: true }]),
    ),
  }
}

/** What of a base64 text is the secret's alone, where it begins so many bytes after a multiple of three. */
function base64(bytes: Buffer, shift: number): string {
  const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64url')
  const whole = Math.floor((shift + bytes.length) / 3) * 4
  return text.slice(shift === 0 ? 0 : 4, whole)
}

/** In which disguises a secret of letters and digits is in this output. */
export function findEncodings(output: string | Buffer, secret: string): string[] {
  // Each byte as one letter: what is searched for is ASCII, and the output may be anything.
  const cased = Buffer.from(output).toString('latin1')
  const lower = cased.toLowerCase()
  return Object.entries(encodings(secret)).flatMap(([disguise, { needle, isCased }]) => {
    // Both alphabets of base64 are the same but for two signs, which then end the search too early: so they are made one.
    const text = isCased ? cased.replaceAll('+', '-').replaceAll('/', '_') : lower
    return text.includes(needle) ? [disguise] : []
  })
}
