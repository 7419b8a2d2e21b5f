import { batch, computed, signal } from '@preact/signals'
import { csrfToken, get, isSignedOut, post, type Result, remove } from './client.ts'
import type { SessionAnswer } from './types.ts'

/** Who the page is for the server; undefined until the first answer. */
export const session = signal<SessionAnswer | undefined>(undefined)

/** Whether the reader has signed in and has not signed out here since. */
const wantsSession = signal(false)

/** Counts the sign-outs here: what was asked before one says nothing of the time after it. */
let signOuts = 0

/** Whether the session has ended by itself: it expired, or it was ended elsewhere. */
export const hasSessionEnded = computed(() => isSignedOut.value && wantsSession.value)

/** Whether the monitor wants a token or a password. */
export const needsSignIn = computed(() => session.value !== undefined && session.value.authentication !== 'none')

/** Why this page may change nothing, and what to do; undefined if it may. */
export const changeProblem = computed(() => {
  const { canChange, scope, user } = session.value ?? {}
  if (canChange === true) return undefined
  if (scope === 'read-only') {
    return `You are signed in as ${user}, which is read-only. To change something, sign out, and sign in with a token or a user of the scope admin.`
  }
  return needsSignIn.value
    ? 'This session may not change anything. Sign out, and sign in again.'
    : 'Without a token, the monitor accepts changes only from a page that is opened directly on its own machine. Set authToken (WOMBAT_AUTH_TOKEN) to make changes from elsewhere.'
})

/** Asks who the page is for the server. */
export async function refreshSession(signal?: AbortSignal): Promise<Result<SessionAnswer>> {
  const askedAfter = signOuts
  const result = await get('api/v1/session', {}, signal)
  // A monitor without sessions: its JSON API says whether it wants a token.
  if (!result.ok && result.error.status === 404)
    return { ok: true, value: apply({ authentication: 'none', signedIn: true, canChange: false }) }
  if (result.ok && askedAfter === signOuts) apply(result.value)
  return result
}

function apply(answer: SessionAnswer): SessionAnswer {
  batch(() => {
    if (answer.signedIn) wantsSession.value = true
    csrfToken.value = answer.csrfToken
    session.value = answer
    isSignedOut.value = !answer.signedIn && answer.authentication !== 'none'
  })
  return answer
}

/** What a reader signs in with. */
export type SignIn = { readonly token: string } | { readonly user: string; readonly password: string }

/** Signs in. Returns the error of the server if it refuses the token or the password. */
export async function signIn(shown: SignIn): Promise<Result<SessionAnswer>> {
  const result = await post('api/v1/session', shown)
  return result.ok ? refreshSession() : result
}

/** Ends the session. Returns the error if it did not end: the cookie is then still valid. */
export async function signOut(): Promise<Result<SessionAnswer>> {
  // Before the answer, because other requests may be refused sooner.
  wantsSession.value = false
  signOuts++
  const result = await remove('api/v1/session')
  if (result.ok || result.error.kind === 'signed_out') return refreshSession()
  wantsSession.value = true
  return result
}
