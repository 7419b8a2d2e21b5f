import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import type { MetricsRegistry } from '@wombat/instrumentation'
import type { Context, MiddlewareHandler } from 'hono'
import { setCookie } from 'hono/cookie'
import { ConfigError } from '../config/errors.ts'
import type { Logger } from '../logger.ts'
import { type Clock, SystemClock } from '../time/clock.ts'
import { errorMessage } from '../validation/error-message.ts'
import { type Access, isFromThisMachine, isThroughProxy } from './access.ts'
import { type CredentialOptions, isAuthenticationRequired } from './credential-options.ts'
import { type Credential, Credentials, parseTokens, parseUsers, type Scope, type TokenEntry } from './credentials.ts'
import { LoginLimiter } from './login-limiter.ts'
import { mountPath } from './mount-path.ts'
import { PasswordChecks } from './password-checks.ts'
import { ReloadedFiles, readSmallFile } from './reloaded-files.ts'
import { digest, isEqual, RevokedSessions, type Session, sessionLifetimeMs } from './sessions.ts'

export interface AuthenticationOptions extends CredentialOptions {
  /** The path below which the endpoints are served, besides the root. */
  readonly basePath?: string | undefined
  readonly clock?: Clock
  /** Counts failed logins. */
  readonly registry?: MetricsRegistry
  readonly logger?: Logger
}

const failuresMetric = 'wombat_monitor_login_failures_total'

/** What a client signs in with. */
export type LoginBody = { readonly token: string } | { readonly user: string; readonly password: string }

/** The result of a login: the session's cookie is part of the answer if it succeeded. */
export type Login = 'signed in' | 'wrong' | 'busy' | 'failed' | { readonly retryAfterSeconds: number }

type LoginResult = { readonly credential: Credential } | Exclude<Login, 'signed in'>

/** What clients can sign in with. */
export type AuthenticationKind = 'none' | 'token' | 'password' | 'both'

/** Who sent a request, and how it was shown. */
interface Client {
  readonly credential: Credential
  readonly by: 'token' | 'password' | 'session'
}

/**
 * Decides who sent a request, and what it may do: with a token, with the password of a user, with a session that was started with one of
 * them, or without all of them.
 */
export class Authentication {
  /** What clients can sign in with. */
  readonly kind: AuthenticationKind
  readonly #options: AuthenticationOptions
  readonly #credentials: Credentials
  readonly #revoked: RevokedSessions
  readonly #passwords: PasswordChecks
  readonly #limiter: LoginLimiter
  readonly #files: readonly ReloadedFiles[]
  /** What changes must show without a session: a page of another origin cannot read it. */
  readonly #processCsrfToken = randomBytes(32).toString('base64url')
  readonly #comparing = new Map<string, Promise<LoginResult>>()
  #isFailureLogged = false

  constructor(options: AuthenticationOptions = {}) {
    const { authToken, readOnlyToken, authTokenFile, authUsersFile, clock = new SystemClock(), registry, logger } = options
    this.#options = options
    const hasToken = (authToken ?? readOnlyToken ?? authTokenFile) !== undefined
    const hasUsers = authUsersFile !== undefined
    this.kind = hasToken ? (hasUsers ? 'both' : 'token') : hasUsers ? 'password' : 'none'
    this.#revoked = new RevokedSessions(() => clock.nowMs())
    // Who knows the file of the users must not be able to make their sessions: hashes are there because it may become known.
    this.#credentials = new Credentials(this.#revoked, authToken ?? randomBytes(32).toString('base64url'))
    this.#credentials.setTokens(this.#optionTokens)
    this.#passwords = new PasswordChecks(logger)
    this.#limiter = new LoginLimiter(() => clock.monotonicMs())
    const watch = (option: string, path: string | undefined, use: (text: string) => void | Promise<void>) => {
      if (path === undefined) return []
      // The application may change its working directory before it is read again.
      const absolute = resolve(path)
      const load = async (): Promise<void> => use(await readSmallFile(absolute))
      return [new ReloadedFiles({ option, paths: [absolute], load, logger, registry })]
    }
    this.#files = [
      ...watch('authTokenFile', authTokenFile, (text) => {
        this.#credentials.setTokens([...this.#optionTokens, ...this.#withoutOptionTokens(parseTokens(text))])
      }),
      ...watch('authUsersFile', authUsersFile, async (text) => this.#credentials.setUsers(await parseUsers(text))),
    ]
  }

  /** Reads the files with credentials, and reads them again when they change. @throws ConfigError with every problem of them. */
  async start(): Promise<void> {
    const starts = await Promise.allSettled(this.#files.map((one) => one.start()))
    const problems = starts.flatMap((one) => (one.status === 'rejected' ? [errorMessage(one.reason)] : []))
    if (problems.length === 0) return
    await this.close()
    throw new ConfigError(problems)
  }

  async close(): Promise<void> {
    for (const one of this.#files) one.close()
    await this.#passwords.close()
  }

  /** Whether clients must show something. */
  get isRequired(): boolean {
    return isAuthenticationRequired(this.#options)
  }

  /**
   * Compares the password of a request that has one, which takes a moment, and rejects a wrong one. All other decisions need no time.
   * Comes before them all.
   */
  readonly checkPassword: MiddlewareHandler<Access> = async (context, next) => {
    const shown = this.#basic(context)
    if (shown === undefined) return next()
    const user = this.#credentials.findUser(shown.user)
    if (user !== undefined && this.#passwords.isKnown(user, shown.password)) return next()
    // Requests with the same password share one comparison, and one attempt.
    const key = digest(`${clientOf(context)}\n${shown.user}\n${shown.password}`).toString('base64')
    const comparing = this.#comparing.get(key) ?? this.#logIn(context, shown).finally(() => this.#comparing.delete(key))
    this.#comparing.set(key, comparing)
    const result = await comparing
    if (typeof result === 'object' && 'credential' in result) return next()
    if (typeof result === 'object') {
      const error = `too many logins have failed: try again in ${result.retryAfterSeconds} s`
      return context.json({ error }, 429, { 'retry-after': String(result.retryAfterSeconds) })
    }
    if (result === 'wrong') return this.#unauthorized(context, 'error="invalid_token"')
    return context.json({ error: unavailable[result] }, 503, { 'retry-after': '1' })
  }

  /** Rejects requests without a credential and without a session, as RFC 6750 says. If none is required, all pass. */
  readonly require: MiddlewareHandler<Access> = (context, next) => {
    return this.#rejection(context) ?? next()
  }

  /**
   * Does the same, but lets a request with the cookie of a session pass, for a process that passes requests on: only the one that has started
   * a session may know its key, and decides.
   */
  readonly requireOrPassOn: MiddlewareHandler<Access> = (context, next) => {
    const mayBeSignedIn = cookies(context).some(([name]) => this.#credentials.findCookie(name) !== undefined)
    return mayBeSignedIn && context.req.header('authorization') === undefined ? next() : this.require(context, next)
  }

  /**
   * Lets every request pass, and decides whether its client may see more than a status. Details require a credential or a session. If none
   * is required, only requests from this machine get them, and those of clients with a certificate. A wrong token is a 401 and not a status:
   * the client expects details.
   */
  readonly canSeeDetails: MiddlewareHandler<Access> = (context, next) => {
    if (!this.isRequired) {
      context.set('seesDetails', isFromThisMachine(context) || context.env?.hasClientCertificate === true)
    } else {
      if (context.req.header('authorization') !== undefined) {
        const rejection = this.#rejection(context)
        if (rejection !== undefined) return rejection
      }
      context.set('seesDetails', this.isSignedIn(context))
    }
    return next()
  }

  /** Rejects requests that change something and may not, with the reason. */
  readonly guardChanges: MiddlewareHandler<Access> = (context, next) => {
    const { method } = context.req
    const problem = method === 'GET' || method === 'HEAD' ? undefined : this.changeProblem(context)
    return problem === undefined ? next() : Promise.resolve(context.json({ error: problem }, 403))
  }

  /** Returns whether the client has shown a credential, now or when it signed in; or none is required. */
  isSignedIn(context: Context<Access>): boolean {
    return !this.isRequired || this.#client(context) !== undefined
  }

  /** Returns whether the client may change something, if it also shows the CSRF token. */
  canChange(context: Context<Access>): boolean {
    return this.isRequired ? this.#client(context)?.credential.scope === 'admin' : isFromThisMachine(context)
  }

  /** Returns the name and the scope of the client; undefined if it has shown no credential. */
  identify(context: Context<Access>): { readonly name: string; readonly scope: Scope } | undefined {
    const credential = this.#client(context)?.credential
    return credential && { name: credential.name, scope: credential.scope }
  }

  /** Returns what a change of this client must show; undefined if it needs nothing, or may not change anything. */
  csrfToken(context: Context<Access>): string | undefined {
    if (!this.isRequired) return isFromThisMachine(context) ? this.#processCsrfToken : undefined
    const [own] = this.#sessions(context)
    return own?.credential.sessions.csrfToken(own.session)
  }

  /** Returns why a client that may see data may not change anything with this request; undefined if it may. */
  changeProblem(context: Context<Access>): string | undefined {
    const { name, scope } = this.#client(context)?.credential ?? {}
    if (scope === 'read-only') {
      return `${JSON.stringify(name)} is read-only, and may not change anything: use the authToken, or a token or user with the scope admin`
    }
    return this.forgeryProblem(context)
  }

  /** Returns why a page of another origin may have sent this request; undefined if none can. */
  forgeryProblem(context: Context<Access>): string | undefined {
    const by = this.#client(context)?.by
    if (by === 'token') return undefined
    // Browsers send passwords by themselves, but name the origin of the page then. Programs send no origin.
    if (by === 'password') return differentOrigin(context)
    const expected = this.csrfToken(context)
    if (expected === undefined) {
      return 'without an authToken, only requests from this machine, to localhost or 127.0.0.1 and not through a proxy, may change something: set authToken'
    }
    const origin = foreignOrigin(context)
    if (origin !== undefined) return origin
    const got = context.req.header('x-wombat-csrf')
    if (got !== undefined && isEqual(got, expected)) return undefined
    return `the header X-Wombat-Csrf is ${got === undefined ? 'missing' : 'wrong'}: send the csrfToken of GET api/v1/session; it changes when you sign in and, without an authToken, when the process starts again`
  }

  /** Starts a session if the token or the password is right. */
  async signIn(context: Context<Access>, shown: LoginBody): Promise<Login> {
    const result = await this.#logIn(context, shown)
    if (typeof result !== 'object' || 'retryAfterSeconds' in result) return result
    const { name, scope, sessions } = result.credential
    this.#clearCookies(context)
    this.#setCookie(context, sessions.cookieName, sessions.create(), sessionLifetimeMs / 1000)
    this.#options.logger?.info({ who: name, scope, ...addressField(context) }, 'a client has signed in to the console')
    return 'signed in'
  }

  /** Ends the sessions of a client, if it has any. */
  signOut(context: Context<Access>): void {
    for (const { session } of this.#sessions(context)) this.#revoked.add(session)
    this.#clearCookies(context)
  }

  get #optionTokens(): TokenEntry[] {
    const { authToken, readOnlyToken } = this.#options
    return [
      ...(authToken === undefined ? [] : [{ token: authToken, scope: 'admin', name: 'authToken' } as const]),
      ...(readOnlyToken === undefined ? [] : [{ token: readOnlyToken, scope: 'read-only', name: 'readOnlyToken' } as const]),
    ]
  }

  /** @throws Error if a token of the file is that of an option: it would have two scopes. */
  #withoutOptionTokens(entries: readonly TokenEntry[]): readonly TokenEntry[] {
    for (const { token, name } of this.#optionTokens) {
      if (entries.some((one) => one.token === token)) throw new Error(`one of its tokens is that of ${name}: remove one of them`)
    }
    return entries
  }

  /** Finds the credential of a login. Counts and limits those that fail. */
  async #logIn(context: Context<Access>, shown: LoginBody): Promise<LoginResult> {
    const client = clientOf(context)
    const retryAfterSeconds = this.#limiter.retryAfterSeconds(client)
    if (retryAfterSeconds !== undefined) {
      this.#options.registry?.incrementCounter(failuresMetric)
      return { retryAfterSeconds }
    }
    // Counted before it is known: otherwise many at once would all be tried.
    const forgive = this.#limiter.recordFailure(client)
    const found = 'token' in shown ? (this.#credentials.findToken(shown.token) ?? 'wrong') : await this.#findUser(shown)
    if (found !== 'wrong') {
      forgive()
      return typeof found === 'string' ? found : { credential: found }
    }
    this.#reportFailure(context)
    return 'wrong'
  }

  /** Returns the user with this password. It takes as long for a name that does not exist. */
  async #findUser({ user, password }: { readonly user: string; readonly password: string }) {
    const found = this.#credentials.findUser(user)
    const hash = found?.hash ?? this.#credentials.someHash
    if (hash === undefined) return 'wrong'
    const result = await this.#passwords.check({ name: user, hash }, password)
    return result === 'right' ? (found ?? 'wrong') : result
  }

  #setCookie(context: Context<Access>, name: string, value: string, maxAge: number): void {
    setCookie(context, name, value, {
      path: this.#cookiePath(context),
      httpOnly: true,
      sameSite: 'Strict',
      secure: isOverTls(context),
      maxAge,
    })
  }

  /** Removes the cookies of sessions here, but not those of other services. */
  #clearCookies(context: Context<Access>): void {
    const names = cookies(context).flatMap(([name]) => (this.#credentials.findCookie(name) === undefined ? [] : [name]))
    for (const name of new Set(names)) this.#setCookie(context, name, '', 0)
  }

  /** A proxy may have cut off a part of the path, too, and the browser would not send the cookie to what remains. */
  #cookiePath(context: Context<Access>): string {
    const path = isThroughProxy(context) ? '' : mountPath(context, this.#options.basePath)
    return /^[\w.~/-]+$/.test(path) ? path : '/'
  }

  /** Returns who sent a request; undefined if no credential was shown, or none is required. */
  #client(context: Context<Access>): Client | undefined {
    if (!this.isRequired) return undefined
    const bearer = this.#bearer(context)
    if (typeof bearer === 'object') return { credential: bearer, by: 'token' }
    const shown = this.#basic(context)
    const user = shown && this.#credentials.findUser(shown.user)
    if (user !== undefined && this.#passwords.isKnown(user, shown?.password ?? '')) return { credential: user, by: 'password' }
    const [own] = this.#sessions(context)
    return own && { credential: own.credential, by: 'session' }
  }

  /** Returns the sessions of a request, the last one first. There may be one for each path of the host. */
  #sessions(context: Context<Access>): ReadonlyArray<{ readonly credential: Credential; readonly session: Session }> {
    if (!this.isRequired) return []
    const found = cookies(context).flatMap(([name, value]) => {
      const credential = this.#credentials.findCookie(name)
      const session = credential?.sessions.verify(value)
      return credential === undefined || session === undefined ? [] : [{ credential, session }]
    })
    return found.sort((one, other) => other.session.expiresAtMs - one.session.expiresAtMs)
  }

  /** Returns what the token of a request stands for. */
  #bearer(context: Context<Access>): 'none' | 'malformed' | 'wrong' | Credential {
    const header = context.req.header('authorization')
    if (header === undefined || this.#basic(context) !== undefined) return 'none'
    const [, token] = /^Bearer +([\w.~+/-]+=*)$/i.exec(header) ?? []
    if (token === undefined) return 'malformed'
    return this.#credentials.findToken(token) ?? 'wrong'
  }

  /** Returns the user and the password of a request; undefined if it has none, or there are no users. */
  #basic(context: Context<Access>): { readonly user: string; readonly password: string } | undefined {
    if (this.#options.authUsersFile === undefined) return undefined
    const [, base64] = /^Basic +([\w+/=-]+)$/i.exec(context.req.header('authorization') ?? '') ?? []
    const [, user, password] = /^([^:]*):(.*)$/s.exec(Buffer.from(base64 ?? '', 'base64').toString('utf8')) ?? []
    return user === undefined || password === undefined ? undefined : { user, password }
  }

  #rejection(context: Context<Access>): Promise<Response> | undefined {
    if (!this.isRequired) return undefined
    const bearer = this.#bearer(context)
    if (bearer === 'malformed') {
      const headers = { 'www-authenticate': 'Bearer error="invalid_request"', 'content-type': 'text/plain;charset=UTF-8' }
      return Promise.resolve(context.body('Bad Request', 400, headers))
    }
    if (bearer === 'wrong') return Promise.resolve(this.#unauthorized(context, 'error="invalid_token"'))
    return this.isSignedIn(context) ? undefined : Promise.resolve(this.#unauthorized(context, 'realm=""'))
  }

  /** A browser would ask for a password in a window of its own if a script of the console were told that one is accepted. */
  #unauthorized(context: Context<Access>, bearerChallenge: string): Response {
    const isScript = context.req.header('sec-fetch-dest') === 'empty'
    const basic = this.#options.authUsersFile !== undefined && !isScript ? ['Basic realm="wombat", charset="UTF-8"'] : []
    const challenge = [`Bearer ${bearerChallenge}`, ...basic].join(', ')
    return context.body('Unauthorized', 401, { 'www-authenticate': challenge, 'content-type': 'text/plain;charset=UTF-8' })
  }

  #reportFailure(context: Context<Access>): void {
    this.#options.registry?.incrementCounter(failuresMetric)
    if (this.#isFailureLogged) return
    this.#isFailureLogged = true
    this.#options.logger?.warn(
      addressField(context),
      `a login failed because the token or the password was wrong; further ones are only counted, in ${failuresMetric}`,
    )
  }
}

/** Why a password cannot be compared now. */
export const unavailable = {
  busy: 'too many passwords are being compared: try again in a second, or use a token',
  failed: 'passwords cannot be compared in this process: its log has the reason',
} as const

/** Returns what tells clients apart whose logins fail: an IPv6 address by its network, of which one client has all addresses. */
function clientOf(context: Context<Access>): string {
  const { address = 'unknown' } = addressField(context)
  if (!address.includes(':')) return address
  const [head = [], tail = []] = address.split('::').map((part) => part.split(':').filter((group) => group !== ''))
  return [...head, ...Array<string>(Math.max(0, 8 - head.length - tail.length)).fill('0'), ...tail].slice(0, 4).join(':')
}

/** Returns the address of a client for the log, if it is known. */
export function addressField(context: Context<Access>): { readonly address?: string } {
  const address = context.env?.incoming?.socket.remoteAddress?.replace(/^::ffff:(?=[\d.]+$)/i, '')
  return address === undefined ? {} : { address }
}

/** Returns the cookies of a request, each with its value. */
function cookies(context: Context<Access>): ReadonlyArray<readonly [string, string]> {
  return (context.req.header('cookie') ?? '').split(';').flatMap((cookie) => {
    const [, name, value] = /^([^=]+)=(.*)$/.exec(cookie.trim()) ?? []
    return name === undefined || value === undefined ? [] : [[name, value] as const]
  })
}

/**
 * Returns why a request does not come from a page of these endpoints; undefined if it does. Browsers send at least one of these headers
 * with every change, and no page can choose them.
 */
function foreignOrigin(context: Context<Access>): string | undefined {
  const problem = differentOrigin(context)
  if (problem !== undefined) return problem
  const isNamed = ['sec-fetch-site', 'origin'].some((name) => context.req.header(name) !== undefined)
  return isNamed
    ? undefined
    : 'the header Origin is missing: send the origin of these endpoints, such as http://127.0.0.1:8080, or use the token'
}

/** Returns why a request comes from a page of another origin; undefined if it does not, or comes from no page. */
export function differentOrigin(context: Context<Access>): string | undefined {
  const site = context.req.header('sec-fetch-site')
  const origin = context.req.header('origin')
  const remedy = 'only the console of these endpoints may send it: open it at their own address'
  if (site !== undefined) {
    // Who types an address sends `none`, but no change.
    return site === 'same-origin'
      ? undefined
      : `the request comes from another origin (Sec-Fetch-Site: ${JSON.stringify(site)}); ${remedy}`
  }
  if (origin === undefined) return undefined
  const host = URL.canParse(origin) ? new URL(origin).host : undefined
  // A proxy may replace the host, and names the original one here. A page cannot send this header to another origin.
  const hosts = [context.req.header('host'), context.req.header('x-forwarded-host')]
  if (host !== undefined && hosts.includes(host)) return undefined
  return `the request comes from another origin (${JSON.stringify(origin)}); ${remedy}`
}

function isOverTls(context: Context<Access>): boolean {
  return context.req.url.startsWith('https:') || context.req.header('x-forwarded-proto')?.split(',')[0]?.trim() === 'https'
}
