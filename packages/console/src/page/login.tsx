import { useSignal } from '@preact/signals'
import { useEffect, useId, useRef } from 'preact/hooks'
import { hasSessionEnded, refreshSession, signIn } from './api/session.ts'
import { reconnectAfterSignIn } from './live/stream.ts'

/**
 * Asks for the token. It is sent once and never stored by the page: the session is a cookie that scripts cannot read. The address stays, so
 * that the view returns after the sign-in.
 */
export function Login() {
  const token = useSignal('')
  const problem = useSignal<string | undefined>(undefined)
  const isSending = useSignal(false)
  const wait = useWait(() => {
    problem.value = undefined
  })
  const fieldId = useId()
  const problemId = useId()
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => field.current?.focus(), [])
  useEffect(() => {
    // Another tab may have signed in.
    const look = async (): Promise<void> => {
      if (document.visibilityState !== 'visible') return
      const result = await refreshSession()
      if (result.ok && result.value.signedIn) await reconnectAfterSignIn()
    }
    const listener = (): void => void look()
    document.addEventListener('visibilitychange', listener)
    return () => document.removeEventListener('visibilitychange', listener)
  }, [])
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    if (isSending.value || wait.seconds > 0) return
    isSending.value = true
    problem.value = undefined
    const result = await signIn(token.value)
    isSending.value = false
    if (result.ok) return void reconnectAfterSignIn()
    const { status, message, retryAfterMs = 60_000 } = result.error
    if (status === 429) wait.start(retryAfterMs)
    if (status === 401) problem.value = 'This token is not valid. It is the authToken of the monitor.'
    else if (status === 429) problem.value = `Too many attempts. Try again in ${Math.ceil(retryAfterMs / 1000)} s.`
    else problem.value = `Could not sign in: ${message}`
    field.current?.select()
  }
  return (
    <main class="login">
      <form class="card" onSubmit={(event) => void submit(event)}>
        <img src="./icon.svg" alt="" width="36" height="36" />
        <h1>Sign in to Wombat</h1>
        {hasSessionEnded.value && (
          <p class="notice notice-warning">Your session has ended. Sign in to continue where you were.</p>
        )}
        <p class="muted">This monitor is protected by a token: its option authToken, or WOMBAT_AUTH_TOKEN in its environment.</p>
        <label for={fieldId}>Token</label>
        <input
          id={fieldId}
          ref={field}
          type="password"
          autocomplete="current-password"
          required
          aria-invalid={problem.value !== undefined}
          aria-describedby={problemId}
          value={token.value}
          onInput={({ currentTarget }) => {
            token.value = currentTarget.value
          }}
        />
        <p id={problemId} class="problem" role="alert">
          {problem.value}
        </p>
        <button type="submit" class="button button-primary" disabled={isSending.value || wait.seconds > 0}>
          {isSending.value ? 'Signing in …' : wait.seconds > 0 ? `Wait ${wait.seconds} s` : 'Sign in'}
        </button>
      </form>
    </main>
  )
}

/** Counts down the time until the server accepts the next attempt. */
function useWait(onEnd: () => void): { readonly seconds: number; readonly start: (milliseconds: number) => void } {
  const untilMs = useSignal(0)
  const seconds = useSignal(0)
  useEffect(() => {
    if (untilMs.peek() === 0) return
    const count = (): void => {
      seconds.value = Math.max(0, Math.ceil((untilMs.peek() - Date.now()) / 1000))
      if (seconds.peek() > 0) return
      clearInterval(timer)
      onEnd()
    }
    const timer = setInterval(count, 250)
    count()
    return () => clearInterval(timer)
  }, [untilMs.value])
  return {
    seconds: seconds.value,
    start: (milliseconds) => {
      untilMs.value = Date.now() + milliseconds
    },
  }
}
