// @vitest-environment node
import { afterEach, expect, test, vi } from 'vitest'
import { changeProblem, hasSessionEnded, needsSignIn, refreshSession, session, signOut } from './session.ts'

afterEach(() => {
  vi.unstubAllGlobals()
})

/** A monitor whose answers are given one by one, in any order. */
function monitor() {
  const open: Array<{ readonly method: string; answer(status: number, body?: object): void }> = []
  vi.stubGlobal('document', { baseURI: 'http://127.0.0.1/' })
  vi.stubGlobal('fetch', (_: URL, { method = 'GET' }: RequestInit) => {
    return new Promise<Response>((resolve) => {
      open.push({ method, answer: (status, body) => resolve(new Response(body && JSON.stringify(body), { status })) })
    })
  })
  return open
}

const signedIn = { authentication: 'token', signedIn: true, canChange: true, csrfToken: 'a', version: '1' }
const signedOut = { authentication: 'token', signedIn: false, canChange: false, version: '1' }

test('an answer to a question from before the sign-out does not look like a session that has ended', async () => {
  const open = monitor()
  const first = refreshSession()
  open.shift()?.answer(200, signedIn)
  await first
  const late = refreshSession()
  const leaving = signOut()
  open.find(({ method }) => method === 'DELETE')?.answer(204)
  open.shift()?.answer(200, signedIn)
  await late
  await vi.waitFor(() => expect(open.filter(({ method }) => method === 'GET')).toHaveLength(1))
  open.find(({ method }) => method === 'GET')?.answer(200, signedOut)
  await leaving
  expect(session.value?.signedIn).toBe(false)
  expect(hasSessionEnded.value).toBe(false)
})

test('a session that is read-only says who it is, and how to change something', async () => {
  const open = monitor()
  const asking = refreshSession()
  open.shift()?.answer(200, { ...signedIn, authentication: 'both', canChange: false, user: 'grafana', scope: 'read-only' })
  await asking
  expect(needsSignIn.value).toBe(true)
  expect(changeProblem.value).toBe(
    'You are signed in as grafana, which is read-only. To change something, sign out, and sign in with a token or a user of the scope admin.',
  )
})
