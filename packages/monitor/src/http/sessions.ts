import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'

/** A client that has signed in. */
export interface Session {
  readonly id: string
  /** Unix time in milliseconds. */
  readonly expiresAtMs: number
}

/** How long a session lasts: a working day. */
export const sessionLifetimeMs = 12 * 3_600_000
/** Only who has the token can make sessions, and so revoke them. */
const maxRevoked = 10_000

/**
 * Sessions that need no memory: each is a text that is signed with a key derived from the token. Every process with the same token
 * accepts them, also after a restart; another token ends them all. Only sessions that were revoked are remembered, until they expire.
 */
export class Sessions {
  readonly #key: Buffer
  readonly #now: () => number
  /** The end of each revoked session, by its id. */
  readonly #revoked = new Map<string, number>()

  /** @param now returns Unix time in milliseconds. */
  constructor(token: string, now: () => number) {
    this.#key = Buffer.from(hkdfSync('sha256', token, '', 'wombat console session', 32))
    this.#now = now
  }

  /** Name of the cookie. It depends on the token: browsers send the cookies of a host to all of its ports, where other services are. */
  get cookieName(): string {
    return `wombat_session_${this.#sign('cookie').slice(0, 8)}`
  }

  /** Returns the text of a new session. */
  create(): string {
    const expiresAtMs = this.#now() + sessionLifetimeMs
    const content = `${expiresAtMs}.${randomBytes(16).toString('base64url')}`
    return `${content}.${this.#sign(`session.${content}`)}`
  }

  /** Returns the session of a text; undefined if it is not one of this token, has expired or was revoked. */
  verify(text: string): Session | undefined {
    const [, content, digits, id, signature] = /^((\d{1,15})\.([\w-]{22}))\.([\w-]{43})$/.exec(text) ?? []
    if (content === undefined || id === undefined || signature === undefined) return undefined
    if (!isEqual(signature, this.#sign(`session.${content}`))) return undefined
    const expiresAtMs = Number(digits)
    if (expiresAtMs <= this.#now() || this.#revoked.has(id)) return undefined
    return { id, expiresAtMs }
  }

  /** Ends a session before it expires. */
  revoke({ id, expiresAtMs }: Session): void {
    const nowMs = this.#now()
    for (const [revoked, endMs] of this.#revoked) {
      if (endMs > nowMs && this.#revoked.size < maxRevoked) break
      this.#revoked.delete(revoked)
    }
    this.#revoked.set(id, expiresAtMs)
  }

  /** Returns the token that a change with this session must show. */
  csrfToken({ id }: Session): string {
    return this.#sign(`csrf.${id}`)
  }

  #sign(content: string): string {
    return createHmac('sha256', this.#key).update(content).digest('base64url')
  }
}

const comparisonKey = randomBytes(32)

/** Compares two texts in a time that depends on neither. */
export function isEqual(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHmac('sha256', comparisonKey).update(text).digest()
  return timingSafeEqual(digest(one), digest(other))
}
