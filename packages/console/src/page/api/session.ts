import { batch, signal } from '@preact/signals'
import { csrfToken, get, isSignedOut, post, type Result, remove } from './client.ts'
import type { SessionAnswer } from './types.ts'

/** Who the page is for the server; undefined until the first answer. */
export const session = signal<SessionAnswer | undefined>(undefined)

/** Asks who the page is for the server. */
export async function refreshSession(signal?: AbortSignal): Promise<Result<SessionAnswer>> {
  const result = await get('api/v1/session', {}, signal)
  // A monitor without sessions: its JSON API says whether it wants a token.
  if (!result.ok && result.error.status === 404)
    return { ok: true, value: apply({ authentication: 'none', signedIn: true, canChange: false }) }
  if (result.ok) apply(result.value)
  return result
}

function apply(answer: SessionAnswer): SessionAnswer {
  batch(() => {
    csrfToken.value = answer.csrfToken
    session.value = answer
    isSignedOut.value = !answer.signedIn && answer.authentication === 'token'
  })
  return answer
}

/** Signs in. Returns the error of the server if it refuses the token. */
export async function signIn(token: string): Promise<Result<SessionAnswer>> {
  const result = await post('api/v1/session', { token })
  return result.ok ? refreshSession() : result
}

/** Ends the session. */
export async function signOut(): Promise<void> {
  await remove('api/v1/session')
  await refreshSession()
}
