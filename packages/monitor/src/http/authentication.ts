import { randomBytes } from 'node:crypto'
import type { MetricsRegistry } from '@wombat/instrumentation'
import type { Context, MiddlewareHandler } from 'hono'
import { setCookie } from 'hono/cookie'
import type { Logger } from '../logger.ts'
import { type Clock, SystemClock } from '../time/clock.ts'
import { type Access, isFromThisMachine, isThroughProxy } from './access.ts'
import { LoginLimiter } from './login-limiter.ts'
import { mountPath } from './mount-path.ts'
import { isEqual, Sessions, sessionLifetimeMs } from './sessions.ts'

export interface AuthenticationOptions {
  /** Undefined: no token is required. */
  readonly authToken?: string | undefined
  /** The path below which the endpoints are served, besides the root. */
  readonly basePath?: string | undefined
  readonly clock?: Clock
  /** Counts failed logins. */
  readonly registry?: MetricsRegistry
  readonly logger?: Logger
}

const failuresMetric = 'wombat_monitor_login_failures_total'

/** The result of a login: the session's cookie is part of the answer if it succeeded. */
export type Login = 'signed in' | 'wrong token' | { readonly retryAfterSeconds: number }

/** Decides who sent a request, and what it may do: with the token, with a session that was started with it, or without both. */
export class Authentication {
  readonly #token: string | undefined
  readonly #basePath: string | undefined
  readonly #sessions: Sessions | undefined
  readonly #limiter: LoginLimiter
  readonly #logger: Logger | undefined
  readonly #registry: MetricsRegistry | undefined
  /** What changes must show without a session: a page of another origin cannot read it. */
  readonly #processCsrfToken = randomBytes(32).toString('base64url')
  #isFailureLogged = false

  constructor({ authToken, basePath, clock = new SystemClock(), registry, logger }: AuthenticationOptions = {}) {
    this.#token = authToken
    this.#basePath = basePath
    this.#sessions = authToken === undefined ? undefined : new Sessions(authToken, () => clock.nowMs())
    this.#limiter = new LoginLimiter(() => clock.monotonicMs())
    this.#logger = logger
    this.#registry = registry
  }

  /** Whether a token is set. */
  get isRequired(): boolean {
    return this.#token !== undefined
  }

  /** Rejects requests without the token and without a session, as RFC 6750 says. If no token is set, all pass. */
  readonly require: MiddlewareHandler<Access> = (context, next) => {
    return this.#rejection(context) ?? next()
  }

  /**
   * Lets every request pass, and decides whether its client may see more than a status. Details require the token or a session. If no
   * token is set, only requests from this machine get them. A wrong token is a 401 and not a status: the client expects details.
   */
  readonly canSeeDetails: MiddlewareHandler<Access> = (context, next) => {
    if (this.#token === undefined) context.set('seesDetails', isFromThisMachine(context))
    else {
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

  /** Returns whether the client has shown the token, now or when it signed in; or none is set. */
  isSignedIn(context: Context<Access>): boolean {
    return this.#token === undefined || this.#bearer(context) === 'valid' || this.#session(context) !== undefined
  }

  /** Returns whether the client may change something, if it also shows the CSRF token. */
  canChange(context: Context<Access>): boolean {
    return this.#token === undefined ? isFromThisMachine(context) : this.isSignedIn(context)
  }

  /** Returns what a change of this client must show; undefined if it needs nothing, or may not change anything. */
  csrfToken(context: Context<Access>): string | undefined {
    if (this.#token === undefined) return isFromThisMachine(context) ? this.#processCsrfToken : undefined
    const session = this.#session(context)
    return session && this.#sessions?.csrfToken(session)
  }

  /** Returns why a client that may see data may not change anything with this request; undefined if it may. */
  changeProblem(context: Context<Access>): string | undefined {
    if (this.#token !== undefined && this.#bearer(context) === 'valid') return undefined
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

  /** Starts a session if the token is right. */
  signIn(context: Context<Access>, token: string): Login {
    const address = context.env?.incoming?.socket.remoteAddress
    const client = address ?? 'unknown'
    const retryAfterSeconds = this.#limiter.retryAfterSeconds(client)
    if (retryAfterSeconds !== undefined) {
      this.#registry?.incrementCounter(failuresMetric)
      return { retryAfterSeconds }
    }
    if (this.#token === undefined || this.#sessions === undefined || !isEqual(token, this.#token)) {
      this.#limiter.recordFailure(client)
      this.#reportFailure(address)
      return 'wrong token'
    }
    this.#setCookie(context, this.#sessions.cookieName, this.#sessions.create(), sessionLifetimeMs / 1000)
    return 'signed in'
  }

  /** Ends the session of a client, if it has one. */
  signOut(context: Context<Access>): void {
    const session = this.#session(context)
    if (session !== undefined) this.#sessions?.revoke(session)
    if (this.#sessions !== undefined) this.#setCookie(context, this.#sessions.cookieName, '', 0)
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

  /** A proxy may have cut off a part of the path, too, and the browser would not send the cookie to what remains. */
  #cookiePath(context: Context<Access>): string {
    const path = isThroughProxy(context) ? '' : mountPath(context, this.#basePath)
    return /^[\w.~/-]+$/.test(path) ? path : '/'
  }

  #session(context: Context<Access>) {
    if (this.#sessions === undefined) return undefined
    const prefix = `${this.#sessions.cookieName}=`
    // There may be one for each path of the host.
    for (const cookie of (context.req.header('cookie') ?? '').split(';')) {
      const text = cookie.trim()
      const session = text.startsWith(prefix) ? this.#sessions.verify(text.slice(prefix.length)) : undefined
      if (session !== undefined) return session
    }
    return undefined
  }

  #bearer(context: Context<Access>): 'none' | 'malformed' | 'wrong' | 'valid' {
    const header = context.req.header('authorization')
    if (header === undefined) return 'none'
    const [, token] = /^Bearer +([\w.~+/-]+=*)$/i.exec(header) ?? []
    if (token === undefined) return 'malformed'
    return this.#token !== undefined && isEqual(token, this.#token) ? 'valid' : 'wrong'
  }

  #rejection(context: Context<Access>): Promise<Response> | undefined {
    if (this.#token === undefined) return undefined
    const reject = (status: 400 | 401, challenge: string, text: string) =>
      Promise.resolve(
        context.body(text, status, { 'www-authenticate': `Bearer ${challenge}`, 'content-type': 'text/plain;charset=UTF-8' }),
      )
    const bearer = this.#bearer(context)
    if (bearer === 'malformed') return reject(400, 'error="invalid_request"', 'Bad Request')
    if (bearer === 'wrong') return reject(401, 'error="invalid_token"', 'Unauthorized')
    return this.isSignedIn(context) ? undefined : reject(401, 'realm=""', 'Unauthorized')
  }

  #reportFailure(address: string | undefined): void {
    this.#registry?.incrementCounter(failuresMetric)
    if (this.#isFailureLogged) return
    this.#isFailureLogged = true
    this.#logger?.warn(
      { ...(address !== undefined && { address }) },
      `a login to the console failed because the token was wrong; further ones are only counted, in ${failuresMetric}`,
    )
  }
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
