import { type Context, Hono } from 'hono'
import { text } from '../../validation/schema.ts'
import type { Access } from '../access.ts'
import { type Authentication, differentOrigin } from '../authentication.ts'
import { readBody } from '../json-body.ts'
import { version } from '../version.ts'

/** What the console shows of the process. */
export interface ServiceInfo {
  /** Returns the name and the version of the service, if they are known. */
  service(): Promise<{ readonly name?: string; readonly version?: string }>
  /** Returns when the monitoring started, in Unix time in milliseconds. */
  startedAtMs(): number
}

const credentials = { token: text('the authToken, a text') }

/**
 * Creates `/api/v1/session`: `GET` returns whether the client is signed in, and what it needs to change something; `POST` with the
 * `authToken` signs in, with a cookie, and `DELETE` signs out. None of them needs the token.
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
    const login = authentication.signIn(context, read.body.token)
    if (login === 'signed in') return context.body(null, 204)
    if (login === 'wrong token') {
      return context.json({ error: 'the token is wrong: it is the option authToken of the monitoring' }, 401, {
        'www-authenticate': 'Bearer error="invalid_token"',
      })
    }
    const { retryAfterSeconds } = login
    const error = `too many logins have failed: try again in ${retryAfterSeconds} s`
    return context.json({ error }, 429, { 'retry-after': String(retryAfterSeconds) })
  })
  app.delete(path, (context) => {
    const problem =
      authentication.csrfToken(context) === undefined ? differentOrigin(context) : authentication.changeProblem(context)
    if (problem !== undefined) return context.json({ error: problem }, 403)
    authentication.signOut(context)
    return context.body(null, 204)
  })
  return new Hono().route('/', app)
}

async function describe(context: Context<Access>, authentication: Authentication, info: ServiceInfo): Promise<object> {
  const kind = authentication.isRequired ? 'token' : 'none'
  if (!authentication.isSignedIn(context)) return { authentication: kind, signedIn: false, canChange: false }
  const csrfToken = authentication.csrfToken(context)
  const service = await info.service()
  return {
    authentication: kind,
    signedIn: true,
    canChange: authentication.canChange(context),
    ...(csrfToken !== undefined && { csrfToken }),
    ...(Object.keys(service).length > 0 && { service }),
    version,
    startedAtMs: info.startedAtMs(),
  }
}
