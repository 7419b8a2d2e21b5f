import { type Context, Hono } from 'hono'
import { optional, text } from '../../validation/schema.ts'
import { version } from '../../version.ts'
import type { Access } from '../access.ts'
import { type Authentication, differentOrigin, type LoginBody, unavailable } from '../authentication.ts'
import { readBody } from '../json-body.ts'

/** What the console shows of the process. */
export interface ServiceInfo {
  /** Returns the name and the version of the service, if they are known. */
  service(): Promise<{ readonly name?: string; readonly version?: string }>
  /** Returns when the monitoring started, in Unix time in milliseconds. */
  startedAtMs(): number
}

const credentials = {
  token: optional(text('a token, a text')),
  user: optional(text('the name of a user')),
  password: optional(text('the password of the user')),
}

/**
 * Creates `/api/v1/session`: `GET` returns whether the client is signed in, and what it needs to change something; `POST` with a token, or
 * with a user and a password, signs in, with a cookie, and `DELETE` signs out. None of them needs a credential.
 */
export function sessionRoutes(authentication: Authentication, info: ServiceInfo): Hono {
  const path = '/api/v1/session'
  const app = new Hono<Access>()
  app.use(path, async (context, next) => {
    await next()
    context.header('cache-control', 'no-store')
  })
  app.get(path, async (context) => context.json(await describe(context, authentication, info)))
  app.post(path, async (context) => {
    if (!authentication.isRequired) {
      return context.json({ error: 'no authToken is set, so that there is nothing to sign in to' }, 400)
    }
    // A page of another origin must not sign in a browser, and cannot guess tokens with it.
    const foreign = differentOrigin(context)
    if (foreign !== undefined) return context.json({ error: foreign }, 403)
    const read = await readBody(context, credentials)
    if ('refusal' in read) return read.refusal
    const shown = toLogin(read.body)
    if (shown === undefined) return context.json({ error: 'send either a token, or a user and a password' }, 400)
    const login = await authentication.signIn(context, shown)
    if (login === 'signed in') return context.body(null, 204)
    if (login === 'busy' || login === 'failed') return context.json({ error: unavailable[login] }, 503, { 'retry-after': '1' })
    if (login === 'wrong') {
      const error =
        'token' in shown
          ? 'the token is wrong: it is the option authToken of the monitoring, or one that it accepts besides'
          : 'the user or the password is wrong: they are those of the file authUsersFile of the monitoring'
      return context.json({ error }, 401, { 'www-authenticate': 'Bearer error="invalid_token"' })
    }
    const { retryAfterSeconds } = login
    const error = `too many logins have failed: try again in ${retryAfterSeconds} s`
    return context.json({ error }, 429, { 'retry-after': String(retryAfterSeconds) })
  })
  app.delete(path, (context) => {
    const problem =
      authentication.csrfToken(context) === undefined ? differentOrigin(context) : authentication.forgeryProblem(context)
    if (problem !== undefined) return context.json({ error: problem }, 403)
    authentication.signOut(context)
    return context.body(null, 204)
  })
  return new Hono().route('/', app)
}

/** Returns what a client signs in with; undefined if it is neither or both. */
function toLogin({ token, user, password }: { token?: unknown; user?: unknown; password?: unknown }): LoginBody | undefined {
  if (typeof token === 'string') return user === undefined && password === undefined ? { token } : undefined
  return typeof user === 'string' && typeof password === 'string' ? { user, password } : undefined
}

async function describe(context: Context<Access>, authentication: Authentication, info: ServiceInfo): Promise<object> {
  const { kind } = authentication
  if (!authentication.isSignedIn(context)) return { authentication: kind, signedIn: false, canChange: false }
  const csrfToken = authentication.csrfToken(context)
  const service = await info.service()
  const client = authentication.identify(context)
  return {
    authentication: kind,
    signedIn: true,
    canChange: authentication.canChange(context),
    ...(client !== undefined && { user: client.name, scope: client.scope }),
    ...(csrfToken !== undefined && { csrfToken }),
    ...(Object.keys(service).length > 0 && { service }),
    version,
    startedAtMs: info.startedAtMs(),
  }
}
