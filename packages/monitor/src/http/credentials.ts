import { timingSafeEqual } from 'node:crypto'
import { minTokenLength, tokenPattern } from '../config/options.ts'
import { isPlainObject } from '../validation/schema.ts'
import { digest, type RevokedSessions, Sessions } from './sessions.ts'

/** What a client may do: `read-only` clients see everything, `admin` ones may change it, too. */
export type Scope = 'read-only' | 'admin'

const scopes: readonly string[] = ['read-only', 'admin'] satisfies readonly Scope[]

/** A token that clients show. */
export interface TokenEntry {
  readonly token: string
  readonly scope: Scope
  /** What the log calls it. */
  readonly name: string
}

/** A user with a password. */
export interface UserEntry {
  readonly name: string
  /** The bcrypt hash of the password. */
  readonly hash: string
  readonly scope: Scope
}

/** Who a client is: the holder of a token, or a user. */
export interface Credential {
  readonly name: string
  readonly scope: Scope
  /** The sessions that were started with it. */
  readonly sessions: Sessions
}

interface Token extends Credential {
  readonly digest: Buffer
}

/** A user, with the hash of the password. */
export interface User extends Credential {
  readonly hash: string
}

/** Everything that clients may show. */
export class Credentials {
  readonly #revoked: RevokedSessions
  readonly #userSecret: string
  #tokens: readonly Token[] = []
  #users: ReadonlyMap<string, User> = new Map()
  #byCookie: ReadonlyMap<string, Credential> = new Map()

  /** @param userSecret what is needed, beside the hash of a password, to make sessions of its user. */
  constructor(revoked: RevokedSessions, userSecret: string) {
    this.#revoked = revoked
    this.#userSecret = userSecret
  }

  /** Accepts these tokens, and no others. */
  setTokens(entries: readonly TokenEntry[]): void {
    this.#tokens = entries.map(({ token, name, scope }) => ({
      name,
      scope,
      digest: digest(token),
      sessions: new Sessions(token, this.#revoked),
    }))
    this.#index()
  }

  /** Accepts these users, and no others. A user with another password has other sessions. */
  setUsers(entries: readonly UserEntry[]): void {
    const users = entries.map(({ name, scope, hash }): User => {
      return { name, scope, hash, sessions: new Sessions(`${name}\n${hash}`, this.#revoked, this.#userSecret) }
    })
    this.#users = new Map(users.map((user) => [user.name, user]))
    this.#index()
  }

  /** Returns who holds a token; undefined if there is none like it. The time depends on no token. */
  findToken(token: string): Credential | undefined {
    const shown = digest(token)
    let found: Credential | undefined
    for (const one of this.#tokens) if (timingSafeEqual(one.digest, shown)) found = one
    return found
  }

  findUser(name: string): User | undefined {
    return this.#users.get(name)
  }

  /** Returns the hash of any user, for the comparison of passwords of users that do not exist; undefined if there are no users. */
  get someHash(): string | undefined {
    const [first] = this.#users.values()
    return first?.hash
  }

  /** Returns whose sessions have a cookie of this name. */
  findCookie(name: string): Credential | undefined {
    return this.#byCookie.get(name)
  }

  #index(): void {
    this.#byCookie = new Map([...this.#tokens, ...this.#users.values()].map((one) => [one.sessions.cookieName, one]))
  }
}

const namePattern = /^[\w.@-]{1,64}$/
/** Each request is compared with all. */
const maxTokens = 100
const maxUsers = 1000

/**
 * Parses a file with tokens: `TOKEN`, `SCOPE TOKEN` or `SCOPE TOKEN NAME` on each line. Empty lines and those that begin with # are ignored.
 *
 * @throws Error with the number of the line that is not valid. It never quotes the file, which is full of secrets.
 */
export function parseTokens(text: string): TokenEntry[] {
  const entries: TokenEntry[] = []
  const lineByToken = new Map<string, number>()
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    const words = line.trim().split(/\s+/)
    if (words[0] === '' || words[0]?.startsWith('#') === true) continue
    const number = index + 1
    const [scope = '', token = '', name = `authTokenFile line ${number}`] = words.length === 1 ? ['admin', ...words] : words
    const fail = (reason: string): never => {
      throw new Error(`line ${number}: ${reason}`)
    }
    if (words.length > 3) fail(`there are ${words.length} words: write TOKEN, SCOPE TOKEN or SCOPE TOKEN NAME`)
    if (!scopes.includes(scope)) fail('the first of two or three words must be the scope: admin or read-only')
    if (token.length < minTokenLength || !tokenPattern.test(token)) {
      fail(`the token must have at least ${minTokenLength} characters: letters, digits or -._~+/ (RFC 6750)`)
    }
    if (words.length === 3 && !namePattern.test(name)) fail('the name must have 1 to 64 characters: letters, digits or _.@-')
    const earlier = lineByToken.get(token)
    if (earlier !== undefined) fail(`the token is that of line ${earlier}`)
    lineByToken.set(token, number)
    entries.push({ token, scope: scope as Scope, name })
  }
  if (entries.length === 0) throw new Error('there is no token in it')
  if (entries.length > maxTokens) throw new Error(`it has ${entries.length} tokens, and at most ${maxTokens} are allowed`)
  return entries
}

/** A cost of 15 takes seconds, and each step doubles that. */
const maxCost = 15

/**
 * Parses a file with users: `basic_auth_users`, the bcrypt hash of each user's password, as in the web configuration of Prometheus; and
 * `admin_users`, the users that may change something.
 *
 * @throws Error with the field that is not valid. It never quotes a hash.
 */
export async function parseUsers(text: string): Promise<UserEntry[]> {
  const { parse } = await import('yaml')
  let file: unknown
  try {
    file = parse(text, { maxAliasCount: 0, logLevel: 'error' })
  } catch (error) {
    // Its message quotes the file.
    const { linePos } = error as { linePos?: ReadonlyArray<{ readonly line: number }> }
    throw new Error(`it is not YAML${linePos?.[0] === undefined ? '' : `: line ${linePos[0].line}`}`)
  }
  if (!isPlainObject(file)) throw new Error('it must have basic_auth_users, with the bcrypt hash of the password of each user')
  const { basic_auth_users: users, admin_users: admins = [], ...others } = file
  const [other] = Object.keys(others)
  if (other !== undefined) {
    throw new Error(
      `${JSON.stringify(other)} is not a field of it: only basic_auth_users and admin_users are (for TLS, set the option tls)`,
    )
  }
  const names = isPlainObject(users) ? Object.keys(users) : []
  if (names.length === 0) throw new Error('basic_auth_users must have the bcrypt hash of the password of at least one user')
  if (names.length > maxUsers) throw new Error(`it has ${names.length} users, and at most ${maxUsers} are allowed`)
  if (!Array.isArray(admins)) throw new Error('admin_users must be a list of names')
  const unknown = admins.findIndex((name) => !names.includes(name))
  if (unknown !== -1) throw new Error(`entry ${unknown + 1} of admin_users is not a user in basic_auth_users`)
  return names.map((name, index) => {
    if (!namePattern.test(name)) {
      throw new Error(`the name of user ${index + 1} must have 1 to 64 characters: letters, digits or _.@-`)
    }
    const hash: unknown = Reflect.get(users as object, name)
    const [, cost] = (typeof hash === 'string' && /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(hash)) || []
    if (cost === undefined) throw new Error(`basic_auth_users.${name} must be a bcrypt hash, such as htpasswd -nB prints it`)
    if (Number(cost) < 4 || Number(cost) > maxCost) {
      throw new Error(`the cost of the hash basic_auth_users.${name} must be from 4 to ${maxCost}, got ${Number(cost)}`)
    }
    return { name, hash: hash as string, scope: admins.includes(name) ? 'admin' : 'read-only' }
  })
}
