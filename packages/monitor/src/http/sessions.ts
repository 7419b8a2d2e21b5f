import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'

/** A client that has signed in. */
export interface Session {
  readonly id: string
  /** Unix time in milliseconds. */
  readonly expiresAtMs: number
}

/** How long a session lasts: a working day. */
export const sessionLifetimeMs = 12 * 3_600_000
/** Only who has a credential can make sessions, and so revoke them. */
const maxRevoked = 10_000

/** Remembers the sessions that were ended before they expired, until they expire. */
export class RevokedSessions {
  readonly #now: () => number
  /** The end of each revoked session, by its id. */
  readonly #ends = new Map<string, number>()

  /** @param now returns Unix time in milliseconds. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Returns whether a session has expired or was ended. */
  hasEnded({ id, expiresAtMs }: Session): boolean {
    return expiresAtMs <= this.#now() || this.#ends.has(id)
  }

  /** Returns when a session that starts now expires, in Unix time in milliseconds. */
  nextEndMs(): number {
    return this.#now() + sessionLifetimeMs
  }

  /** Ends a session. */
  add({ id, expiresAtMs }: Session): void {
    const nowMs = this.#now()
    for (const [revoked, endMs] of this.#ends) {
      if (endMs > nowMs && this.#ends.size < maxRevoked) break
      this.#ends.delete(revoked)
    }
    this.#ends.set(id, expiresAtMs)
  }
}

/**
 * The sessions of one credential, which need no memory: each is a text that is signed with a key derived from the credential and a secret.
 * Every process with both accepts them, also after a restart; another credential or secret ends them all. Only sessions that were revoked
 * are remembered.
 */
export class Sessions {
  /** Name of the cookie. It depends on the credential: browsers send the cookies of a host to all of its ports, where other services are. */
  readonly cookieName: string
  readonly #key: Buffer
  readonly #revoked: RevokedSessions

  /**
   * @param credential what the client signs in with, or its hash.
   * @param secret what else is needed to make sessions, if the credential is a hash: its file may be no secret.
   */
  constructor(credential: string, revoked: RevokedSessions, secret = '') {
    const deriveKey = (salt: string) => Buffer.from(hkdfSync('sha256', credential, salt, 'wombat console session', 32))
    this.#key = deriveKey(secret)
    this.#revoked = revoked
    this.cookieName = `wombat_session_${sign(deriveKey(''), 'cookie').slice(0, 8)}`
  }

  /** Returns the text of a new session. */
  create(): string {
    const content = `${this.#revoked.nextEndMs()}.${randomBytes(16).toString('base64url')}`
    return `${content}.${this.#sign(`session.${content}`)}`
  }

  /** Returns the session of a text; undefined if it is not one of this secret, has expired or was revoked. */
  verify(text: string): Session | undefined {
    const [, content, digits, id, signature] = /^((\d{1,15})\.([\w-]{22}))\.([\w-]{43})$/.exec(text) ?? []
    if (content === undefined || id === undefined || signature === undefined) return undefined
    if (!isEqual(signature, this.#sign(`session.${content}`))) return undefined
    const session = { id, expiresAtMs: Number(digits) }
    return this.#revoked.hasEnded(session) ? undefined : session
  }

  /** Returns the token that a change with this session must show. */
  csrfToken({ id }: Session): string {
    return this.#sign(`csrf.${id}`)
  }

  #sign(content: string): string {
    return sign(this.#key, content)
  }
}

function sign(key: Buffer, content: string): string {
  return createHmac('sha256', key).update(content).digest('base64url')
}

const comparisonKey = randomBytes(32)

/** Compares two texts in a time that depends on neither. */
export function isEqual(one: string, other: string): boolean {
  return timingSafeEqual(digest(one), digest(other))
}

/** Returns a digest of a text that only this process can make. */
export function digest(text: string): Buffer {
  return createHmac('sha256', comparisonKey).update(text).digest()
}
