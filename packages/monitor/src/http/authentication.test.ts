import { createHmac, hkdfSync } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MetricsRegistry } from '@wombat/instrumentation'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { httpRequest } from '@wombat/test-support/http-request'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import bcrypt from 'bcryptjs'
import { Hono } from 'hono'
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { EventLog } from '../events/event-log.ts'
import { ManualClock } from '../time/clock.ts'
import type { Access } from './access.ts'
import { auditChanges } from './audit.ts'
import { Authentication, type AuthenticationOptions } from './authentication.ts'
import { FirstRequest } from './first-request.ts'
import { withMiddleware } from './middleware.ts'
import { sessionRoutes } from './routes/session.ts'
import { listen } from './servers.ts'

const admin = 'admin-token-of-16-or-more'
const reader = 'reader-token-of-16-or-more'
const password = 'correct horse: battery'
let hash = ''
beforeAll(async () => {
  hash = await bcrypt.hash(password, 6)
})

const info = { service: async () => ({}), startedAtMs: () => 0 }

/** Serves data, a change and the session with these credentials. */
async function serving(options: AuthenticationOptions) {
  const logger = collectingLogger()
  const registry = new MetricsRegistry()
  const clock = new ManualClock()
  const events = new EventLog({ clock, registry })
  const authentication = new Authentication({ registry, logger, clock, ...options })
  onTestFinished(() => authentication.close())
  await authentication.start()
  const routes = new Hono<Access>()
    .get('/api/v1/data', (context) => context.json({ data: true }))
    .post('/api/v1/change', (context) => {
      if (context.req.query('invalid') !== undefined) return context.json({ error: 'not valid' }, 400)
      context.set('change', { setting: 'a' })
      return context.json({ changed: true })
    }) as unknown as Hono
  const audit = auditChanges({ authentication, logger, events, registry })
  const app = withMiddleware([routes], authentication, [sessionRoutes(authentication, info)], { audit })
  const listener = await listen(new FirstRequest(async () => app, logger), '127.0.0.1', 0, 'jsonApiPort')
  onTestFinished(() => listener.close())
  const ask = async (path: string, headers: Readonly<Record<string, string>> = {}, body?: object) => {
    const sent = { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) }
    const request = body === undefined ? { headers: sent } : { method: 'POST', headers: sent, body: JSON.stringify(body) }
    const answer = await httpRequest(`${listener.url}${path}`, request)
    const text = answer.body.toString()
    return { ...answer, text, json: () => JSON.parse(text) as Readonly<Record<string, unknown>> }
  }
  const data = async (headers?: Readonly<Record<string, string>>) => (await ask('/api/v1/data', headers)).status
  const change = (headers?: Readonly<Record<string, string>>) => ask('/api/v1/change', headers, {})
  return { ask, data, change, logger, registry, events, authentication, url: listener.url }
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const basic = (user: string, word = password) => ({
  authorization: `Basic ${Buffer.from(`${user}:${word}`).toString('base64')}`,
})

async function usersFile(text = `basic_auth_users:\n  alice: ${hash}\n  bob: ${hash}\nadmin_users: [bob]\n`): Promise<string> {
  const path = join(await temporaryFolder(), 'users.yml')
  await writeFile(path, text)
  return path
}

async function tokenFile(text: string): Promise<string> {
  const path = join(await temporaryFolder(), 'tokens')
  await writeFile(path, text)
  return path
}

test('the authToken may see and change, and the readOnlyToken may only see', async () => {
  const { data, change } = await serving({ authToken: admin, readOnlyToken: reader })
  expect([await data(bearer(admin)), await data(bearer(reader)), await data(bearer(`${reader}x`)), await data()]).toEqual([
    200, 200, 401, 401,
  ])
  expect((await change(bearer(admin))).status).toBe(200)
  const refused = await change(bearer(reader))
  expect([refused.status, refused.json()]).toEqual([
    403,
    {
      error:
        '"readOnlyToken" is read-only, and may not change anything: use the authToken, or a token or user with the scope admin',
    },
  ])
})

test('tokens of a file are accepted beside authToken, each with its scope', async () => {
  const authTokenFile = await tokenFile(`admin file-admin-token-0123 deploy\nread-only file-reader-token-0123 grafana\n`)
  const { data, change } = await serving({ authToken: admin, authTokenFile })
  for (const token of [admin, 'file-admin-token-0123', 'file-reader-token-0123']) expect(await data(bearer(token))).toBe(200)
  expect((await change(bearer('file-admin-token-0123'))).status).toBe(200)
  expect((await change(bearer('file-reader-token-0123'))).json()['error']).toMatch(/^"grafana" is read-only/)
})

test('a token file that changes is read again: tokens are rotated without a restart, and sessions of a removed token end', async () => {
  const [first, second] = ['first-token-0123456789', 'second-token-0123456789']
  const authTokenFile = await tokenFile(`${first}\n`)
  const { ask, data, logger } = await serving({ authTokenFile })
  const login = await ask('/api/v1/session', {}, { token: first })
  const cookie = login.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
  expect([await data(bearer(first)), await data(bearer(second)), await data({ cookie })]).toEqual([200, 401, 200])
  await writeFile(authTokenFile, `${second}\n${first}\n`)
  await vi.waitFor(async () => expect(await data(bearer(second))).toBe(200), { timeout: 10_000 })
  // The line of a token may change.
  expect([await data(bearer(first)), await data({ cookie })]).toEqual([200, 200])
  await writeFile(authTokenFile, `${second}\n`)
  await vi.waitFor(async () => expect(await data(bearer(first))).toBe(401), { timeout: 10_000 })
  expect([await data(bearer(second)), await data({ cookie })]).toEqual([200, 401])
  expect(JSON.stringify(logger.lines)).not.toMatch(/first-token|second-token/)
})

test('a token file that becomes invalid changes nothing, and is logged once and counted', async () => {
  const token = 'first-token-0123456789'
  const authTokenFile = await tokenFile(token)
  const { data, logger, registry } = await serving({ authTokenFile })
  await writeFile(authTokenFile, 'short\n')
  const failures = () => registry.getAllMetrics().find(({ name }) => name === 'wombat_monitor_reload_failures_total')
  await vi.waitFor(() => expect(failures()).toMatchObject({ value: 1, labels: { option: 'authTokenFile' } }), { timeout: 10_000 })
  expect(await data(bearer(token))).toBe(200)
  expect(logger.lines).toEqual([
    {
      level: 'error',
      message: 'a file that has changed cannot be used: what it had before stays in use; correct the file',
      fields: { option: 'authTokenFile', reason: expect.stringMatching(/^line 1: the token must have/) },
    },
  ])
})

test('files that cannot be used are errors at the start, all at once', async () => {
  const authTokenFile = await tokenFile(`${admin}\n`)
  const failure = serving({ authToken: admin, authTokenFile, authUsersFile: '/nowhere/users.yml' })
  await expect(failure).rejects.toMatchObject({
    problems: [
      'authTokenFile: one of its tokens is that of authToken: remove one of them',
      'authUsersFile: cannot read "/nowhere/users.yml": the file does not exist',
    ],
  })
})

test('users show a password: all may see, and those in admin_users may change something', async () => {
  const { data, change } = await serving({ authUsersFile: await usersFile() })
  expect(await data(basic('alice'))).toBe(200)
  expect(await data(basic('alice', 'wrong'))).toBe(401)
  expect((await change(basic('bob'))).status).toBe(200)
  expect((await change(basic('alice'))).json()['error']).toMatch(/^"alice" is read-only/)
  expect(await data(basic('carol'))).toBe(401)
  expect(await data(bearer(admin))).toBe(401)
})

test('a client without a credential is told that a password is accepted, but a script of a page is not', async () => {
  const { ask } = await serving({ authUsersFile: await usersFile() })
  const challenge = async (headers = {}) => (await ask('/api/v1/data', headers)).headers['www-authenticate']
  expect(await challenge()).toBe('Bearer realm="", Basic realm="wombat", charset="UTF-8"')
  expect(await challenge({ 'sec-fetch-dest': 'empty' })).toBe('Bearer realm=""')
})

test('a browser that sends a password by itself cannot be made to change something by another page', async () => {
  const { ask, url } = await serving({ authUsersFile: await usersFile() })
  const changeFrom = async (headers: Readonly<Record<string, string>>) =>
    (await ask('/api/v1/change', { ...basic('bob'), ...headers }, {})).status
  expect(await changeFrom({ origin: 'https://evil.example.org' })).toBe(403)
  expect(await changeFrom({ 'sec-fetch-site': 'cross-site' })).toBe(403)
  expect(await changeFrom({ origin: url })).toBe(200)
})

test('a password that was right is not compared again, and another one is refused at once', async () => {
  const slow = await bcrypt.hash(password, 11)
  const { data } = await serving({ authUsersFile: await usersFile(`basic_auth_users: {alice: ${slow}}`) })
  expect(await data(basic('alice'))).toBe(200)
  // The limit of failed logins would refuse them if they were compared.
  for (let attempt = 0; attempt < 5; attempt++) expect(await data(basic('alice', `wrong${attempt}`))).toBe(401)
  expect(await data(basic('alice', 'wrong again'))).toBe(429)
  expect(await data(basic('alice'))).toBe(200)
})

test('many requests with the same password share one comparison and one attempt', async () => {
  const { data } = await serving({ authUsersFile: await usersFile() })
  const answers = await Promise.all(Array.from({ length: 20 }, () => data(basic('alice'))))
  expect(new Set(answers)).toEqual(new Set([200]))
})

test('wrong passwords at the same time are limited as those one after the other', async () => {
  const { data, registry } = await serving({ authUsersFile: await usersFile() })
  const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => data(basic('alice', `wrong${index}`))))
  expect(answers.filter((status) => status === 401)).toHaveLength(5)
  expect(answers.filter((status) => status === 429)).toHaveLength(15)
  const failures = registry.getAllMetrics().find(({ name }) => name === 'wombat_monitor_login_failures_total')
  expect(failures?.value).toBe(20)
})

test('the event loop is free while a password is compared', async () => {
  const slow = await bcrypt.hash(password, 13)
  const { data } = await serving({ authUsersFile: await usersFile(`basic_auth_users: {alice: ${slow}}`) })
  let [turns, isDone] = [0, false]
  const count = (): void => {
    turns++
    if (!isDone) setImmediate(count)
  }
  const answer = data(basic('alice')).finally(() => {
    isDone = true
  })
  count()
  expect(await answer).toBe(200)
  // A comparison of this cost in the event loop leaves a turn every 100 ms.
  expect(turns).toBeGreaterThan(100)
})

test('a users file that changes is read again: another password ends the sessions of the old one', async () => {
  const authUsersFile = await usersFile()
  const { ask, data } = await serving({ authUsersFile })
  const login = await ask('/api/v1/session', {}, { user: 'alice', password })
  const cookie = login.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
  expect([await data(basic('alice')), await data({ cookie })]).toEqual([200, 200])
  await writeFile(authUsersFile, `basic_auth_users: {alice: ${await bcrypt.hash('another', 6)}}`)
  await vi.waitFor(async () => expect(await data({ cookie })).toBe(401), { timeout: 10_000 })
  expect([await data(basic('alice')), await data(basic('alice', 'another'))]).toEqual([401, 200])
})

test('a session of a read-only credential tells who it is, may sign out, and may change nothing', async () => {
  const { ask, change, url } = await serving({ readOnlyToken: reader, authUsersFile: await usersFile() })
  for (const [body, user] of [
    [{ token: reader }, 'readOnlyToken'],
    [{ user: 'alice', password }, 'alice'],
  ] as const) {
    const login = await ask('/api/v1/session', {}, body)
    expect(login.status).toBe(204)
    const cookie = login.headers['set-cookie']?.at(-1)?.split(';')[0] ?? ''
    const session = (await ask('/api/v1/session', { cookie })).json()
    expect(session).toMatchObject({ authentication: 'both', signedIn: true, canChange: false, user, scope: 'read-only' })
    const headers = { cookie, 'x-wombat-csrf': String(session['csrfToken']), origin: url }
    expect((await change(headers)).json()['error']).toMatch(/is read-only, and may not change anything/)
    const leave = await httpRequest(`${url}/api/v1/session`, { method: 'DELETE', headers })
    expect(leave.status).toBe(204)
    expect((await ask('/api/v1/session', { cookie })).json()).toMatchObject({ signedIn: false })
  }
})

test('who knows the file of the users can make no session of them', async () => {
  const forge = (secret: string) => {
    const key = Buffer.from(hkdfSync('sha256', `bob\n${hash}`, secret, 'wombat console session', 32))
    const sign = (content: string) => createHmac('sha256', key).update(content).digest('base64url')
    const content = `${Date.now() + 3_600_000}.${'a'.repeat(22)}`
    return `${content}.${sign(`session.${content}`)}`
  }
  const authUsersFile = await usersFile()
  for (const options of [{ authUsersFile }, { authUsersFile, authToken: admin }]) {
    const { ask, data } = await serving(options)
    const login = await ask('/api/v1/session', {}, { user: 'bob', password })
    const [name = '', value = ''] = login.headers['set-cookie']?.at(-1)?.split(';')[0]?.split('=') ?? []
    expect(await data({ cookie: `${name}=${value}` })).toBe(200)
    expect(await data({ cookie: `${name}=${forge('')}` })).toBe(401)
  }
})

test('with an authToken, a session of a user is one of every process with the same files, and of no other', async () => {
  const authUsersFile = await usersFile()
  const signIn = async (options: AuthenticationOptions) => {
    const login = await (await serving(options)).ask('/api/v1/session', {}, { user: 'bob', password })
    return login.headers['set-cookie']?.at(-1)?.split(';')[0] ?? ''
  }
  const { data } = await serving({ authUsersFile, authToken: admin })
  expect(await data({ cookie: await signIn({ authUsersFile, authToken: admin }) })).toBe(200)
  expect(await data({ cookie: await signIn({ authUsersFile, authToken: `${admin}-2` }) })).toBe(401)
  expect(await data({ cookie: await signIn({ authUsersFile }) })).toBe(401)
})

test('signing in with another credential replaces the session', async () => {
  const { ask } = await serving({ authToken: admin, readOnlyToken: reader })
  const cookieOf = (setCookie: readonly string[] | undefined) => (setCookie ?? []).map((one) => one.split(';')[0] ?? '')
  const [first = ''] = cookieOf((await ask('/api/v1/session', {}, { token: reader })).headers['set-cookie'])
  const [removed, second = ''] = cookieOf(
    (await ask('/api/v1/session', { cookie: first }, { token: admin })).headers['set-cookie'],
  )
  expect(removed).toBe(`${first.split('=')[0]}=`)
  expect((await ask('/api/v1/session', { cookie: second })).json()).toMatchObject({ user: 'authToken', canChange: true })
})

test.each([
  [{}, 400],
  [{ user: 'alice' }, 400],
  [{ token: reader, user: 'alice', password }, 400],
  [{ user: 'alice', password: 'wrong' }, 401],
  [{ user: 'carol', password }, 401],
  [{ user: '__proto__', password }, 401],
  [{ token: 'x'.repeat(1000) }, 401],
  [{ user: 'alice', password: 'x'.repeat(5000) }, 401],
])('a login that is not right is answered with its reason (%#)', async (body, status) => {
  const { ask } = await serving({ readOnlyToken: reader, authUsersFile: await usersFile() })
  expect((await ask('/api/v1/session', {}, body)).status).toBe(status)
})

test('a change is one line in the log and one event: who, from where, what, and its result', async () => {
  const { change, ask, logger, events, registry } = await serving({ authToken: admin, readOnlyToken: reader })
  await change(bearer(admin))
  await change(bearer(reader))
  await ask('/api/v1/change?invalid=a-secret', bearer(admin), {})
  await ask('/api/v1/data', bearer(admin))
  const common = { address: '127.0.0.1', change: 'POST /api/v1/change' }
  expect(logger.lines).toEqual([
    {
      level: 'info',
      message: 'a change was made over HTTP',
      fields: { ...common, who: 'authToken', result: 'changed', status: 200, details: { setting: 'a' } },
    },
    {
      level: 'warn',
      message: 'a change over HTTP was refused',
      fields: { ...common, who: 'readOnlyToken', result: 'refused', status: 403 },
    },
    {
      level: 'warn',
      message: 'a change over HTTP was rejected',
      fields: { ...common, who: 'authToken', result: 'rejected', status: 400 },
    },
  ])
  expect(events.query().events.map(({ kind, details }) => [kind, details])).toEqual([
    ['audit', { who: 'authToken', change: 'POST /api/v1/change', result: 'changed' }],
    ['audit', { who: 'readOnlyToken', change: 'POST /api/v1/change', result: 'refused' }],
    ['audit', { who: 'authToken', change: 'POST /api/v1/change', result: 'rejected' }],
  ])
  const counts = registry.getAllMetrics().filter(({ name }) => name === 'wombat_monitor_changes_total')
  expect(counts.map(({ labels, value }) => [labels['result'], value])).toEqual([
    ['changed', 1],
    ['refused', 1],
    ['rejected', 1],
  ])
})

test('without a token, changes from this machine are those of this machine', async () => {
  const { ask, change, url, logger } = await serving({})
  const { csrfToken } = (await ask('/api/v1/session')).json()
  expect((await change({ 'x-wombat-csrf': String(csrfToken), origin: url })).status).toBe(200)
  expect(logger.lines[0]?.fields).toMatchObject({ who: 'this machine', result: 'changed' })
})

test('refused changes have a limited number of lines, and are all counted', async () => {
  const { change, logger, registry } = await serving({ readOnlyToken: reader })
  for (let count = 0; count < 30; count++) await change(bearer(reader))
  expect(logger.lines.length).toBeLessThan(15)
  const counted = registry.getAllMetrics().find(({ name }) => name === 'wombat_monitor_changes_total')
  expect(counted).toMatchObject({ value: 30, labels: { result: 'refused' } })
})
