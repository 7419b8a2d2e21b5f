/** Debian's Chromium. */
export const executablePath = '/usr/bin/chromium'

/** Flags for a browser without a network of its own, as root. */
export const browserFlags = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-gpu',
  '--disable-quic',
  '--disable-sync',
  '--no-first-run',
  '--no-sandbox',
]
