/** The encodings of a secret that are searched for, in lower case except for base64, which is case-sensitive. */
function encodings(secret: string): Readonly<Record<string, { readonly needle: string; readonly isCased: boolean }>> {
  const bytes = Buffer.from(secret)
  const hex = bytes.toString('hex')
  const inText = { isCased: false }
  return {
    plain: { needle: secret.toLowerCase(), ...inText },
    'percent-encoded': { needle: hex.replace(/../g, '%$&'), ...inText },
    hex: { needle: hex, ...inText },
    'UTF-16': { needle: Buffer.from(secret, 'utf16le').toString('latin1').toLowerCase(), ...inText },
    ...Object.fromEntries(
      [0, 1, 2].map((shift) => [`base64, shifted by ${shift}`, { needle: base64(bytes, shift), isCased: true }]),
    ),
  }
}

/** Returns the part of the base64 text that depends on the secret only, if it begins this many bytes after a multiple of three. */
function base64(bytes: Buffer, shift: number): string {
  const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64url')
  const whole = Math.floor((shift + bytes.length) / 3) * 4
  return text.slice(shift === 0 ? 0 : 4, whole)
}

/** Returns the encodings in which an output contains a secret of letters and digits. */
export function findEncodings(output: string | Buffer, secret: string): string[] {
  // latin1 maps each byte to one character: the search is for ASCII, and the output can be binary.
  const cased = Buffer.from(output).toString('latin1')
  const lower = cased.toLowerCase()
  return Object.entries(encodings(secret)).flatMap(([encoding, { needle, isCased }]) => {
    // The two base64 alphabets differ in two characters.
    const text = isCased ? cased.replaceAll('+', '-').replaceAll('/', '_') : lower
    return text.includes(needle) ? [encoding] : []
  })
}
